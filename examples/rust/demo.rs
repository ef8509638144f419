//! A page that loads its products one by one: `rustc --edition 2021 demo.rs && PERF_TRACE=1 ./demo 2> perf_trace.log`

mod perf_trace;

use perf_trace::trace;

fn main() {
    for order in 1..=2 {
        println!("order {order}: {} cents", order_page(order));
    }
}

fn order_page(order: u64) -> u64 {
    let _call = trace!("order_page", order = order);
    (0..6).map(|line| load_product(10 * order + line)).sum()
}

fn load_product(product: u64) -> u64 {
    let call = trace!("load_product", product = product);
    let price_cents = 100 * product;
    call.record("price_cents", price_cents);
    price_cents
}
