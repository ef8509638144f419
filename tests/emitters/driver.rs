//! What the tests of the Rust emitter run: each argument a scene.

#[path = "../../examples/rust/perf_trace.rs"]
mod perf_trace;

use perf_trace::{trace, Call};
use std::future::Future;
use std::io::{stdin, BufRead};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

fn main() {
    match std::env::args().nth(1).expect("a scene").as_str() {
        "values" => write_values(),
        "nested" => write_nested(),
        "panic" => panic_inside(),
        "threads" => run_threads(),
        "async" => run_futures(),
        "fork" => fork_inside(),
        "context" => hand_context_on(),
        "late" => outlive_calls(),
        "disorder" => end_in_disorder(),
        "crowd" => write_long_lines(),
        "answers" => say_what_came_out(),
        "held" => hold_over_await(),
        "places" => ask_from_two_places(),
        "bench" => measure(),
        scene => panic!("no scene {scene}"),
    }
}

/// Each line of standard input is a call: its texts in hexadecimal, function, caller, then names and values in turn.
fn write_values() {
    for line in stdin().lock().lines() {
        let texts: Vec<String> = line.unwrap().split(' ').map(decode).collect();
        let call = Call::begin(&texts[0], || {
            let mut params = vec![("caller", texts[1].clone())];
            params.extend(texts[2..].chunks(2).map(|pair| (pair[0].as_str(), pair[1].clone())));
            params
        });
        call.record("texts", texts.len());
    }
}

fn decode(hexadecimal: &str) -> String {
    let bytes: Vec<u8> =
        (0..hexadecimal.len()).step_by(2).map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap()).collect();
    String::from_utf8(bytes).unwrap()
}

fn write_nested() {
    let outer = trace!("outer", key = 1, "name of another" = "x", elapsed_ms = 7);
    outer.record("flag", true);
    outer.record("negative", -1);
    outer.record("largest", u64::MAX);
    outer.record("parent", 3u8);
    {
        let _inner = trace!("inner");
        perf_trace::record("rows", 2);
        drop(trace!("innermost", caller = "someone"));
    }
    drop(trace!("sibling"));
}

fn panic_inside() {
    std::panic::set_hook(Box::new(|_| {}));
    let result = std::panic::catch_unwind(|| {
        let _outer = trace!("outer");
        let _inner = trace!("inner");
        panic!("on purpose");
    });
    assert!(result.is_err());
    drop(trace!("after"));
}

fn run_threads() {
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            std::thread::spawn(move || {
                for step in 0..100 {
                    let _outer = trace!("outer", thread = thread, step = step);
                    drop(trace!("inner", thread = thread, step = step));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Two futures of one page, polled in turn and each time by another thread.
fn run_futures() {
    let mut page = Box::pin(trace!("page").follow(async {
        Both(Box::pin(load(1)), Box::pin(load(2)), [false; 2]).await;
        perf_trace::record("loads", 2);
    }));
    let turns = Arc::new(Mutex::new(0));
    loop {
        let is_ready = std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    *turns.lock().unwrap() += 1;
                    page.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Idle)))).is_ready()
                })
                .join()
                .unwrap()
        });
        if is_ready {
            break;
        }
        drop(trace!("between"));
    }
    assert!(*turns.lock().unwrap() > 2);
}

async fn load(key: u32) {
    let loaded = trace!("load", key = key).follow(async move {
        for step in 0..2 {
            drop(trace!("read", key = key, step = step));
            Pause(false).await;
        }
    });
    loaded.await;
}

struct Idle;

impl Wake for Idle {
    fn wake(self: Arc<Self>) {}
}

struct Pause(bool);

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let was_paused = std::mem::replace(&mut self.0, true);
        if was_paused { Poll::Ready(()) } else { Poll::Pending }
    }
}

struct Both<A, B>(Pin<Box<A>>, Pin<Box<B>>, [bool; 2]);

impl<A: Future, B: Future> Future for Both<A, B> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        self.2[0] = self.2[0] || self.0.as_mut().poll(task).is_ready();
        self.2[1] = self.2[1] || self.1.as_mut().poll(task).is_ready();
        if self.2 == [true; 2] { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn hand_context_on() {
    let _page = trace!("page");
    let context = perf_trace::context();
    let with_context = std::thread::spawn(move || {
        let _inside = context.enter();
        drop(trace!("inside"));
    });
    with_context.join().unwrap();
    std::thread::spawn(|| drop(trace!("outside"))).join().unwrap();
}

/// Threads and futures that go on when the call that they are part of has ended.
fn outlive_calls() {
    let _request = trace!("request");
    let page = trace!("page");
    let context = perf_trace::context();
    let mut followed = Box::pin(trace!("followed").follow(async {
        Pause(false).await;
        drop(trace!("in_future"));
    }));
    assert!(followed.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Idle)))).is_pending());
    drop(page);
    let thread = std::thread::spawn(move || {
        let _inside = context.enter();
        drop(trace!("in_thread"));
    });
    thread.join().unwrap();
    assert!(followed.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Idle)))).is_ready());
}

fn end_in_disorder() {
    let first = trace!("first");
    let context = perf_trace::context();
    let second = trace!("second");
    drop(first);
    drop(trace!("inside"));
    let entered = context.enter();
    let third = trace!("third");
    drop(entered);
    drop(trace!("inside"));
    drop(third);
    drop(second);
    drop(trace!("after"));
}

/// Lines that a pipe takes in parts, from several threads.
fn write_long_lines() {
    let text = "x".repeat(9_000);
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let text = &text;
            scope.spawn(move || {
                (0..40).for_each(|step| drop(trace!("step", thread = thread, step = step, text = text)));
            });
        }
    });
}

fn say_what_came_out() {
    let find = |key: u32| -> Result<Option<Vec<u32>>, String> {
        match key {
            0 => Err("no connection".to_owned()),
            1 => Ok(None),
            _ => Ok(Some(vec![key])),
        }
    };
    let sum = || -> Result<usize, String> {
        let mut rows = 0;
        for key in [1, 2, 2, 3, 0, 2] {
            let call = trace!("find", key = key, keys = ?[key]);
            rows += call.answer(find(key))?.map_or(0, |row| row.len());
        }
        Ok(rows)
    };
    assert!(sum().is_err());
    let _request = trace!("request").frame();
    perf_trace::answer(Some("page"));
    let call = trace!("insert");
    call.writes("orders|2026");
    call.record("process", 1);
    drop(call);
    let call = trace!("look");
    call.cached();
    call.failed();
}

/// Two futures on one thread, each with a guard held over its pauses, inside of a followed one.
fn hold_over_await() {
    let load = |key: u32| {
        trace!("page", key = key).follow(async move {
            let _loaded = trace!("load", key = key);
            for step in 0..2 {
                drop(trace!("read", key = key, step = step));
                Pause(false).await;
            }
        })
    };
    let mut both = Both(Box::pin(load(1)), Box::pin(load(2)), [false; 2]);
    let waker = Waker::from(Arc::new(Idle));
    while Pin::new(&mut both).poll(&mut Context::from_waker(&waker)).is_pending() {
        drop(trace!("between"));
    }
    let mut dropped = Box::pin(load(3));
    assert!(dropped.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(dropped);
    drop(trace!("between"));
}

fn ask_from_two_places() {
    #[track_caller]
    fn load(key: u32) {
        drop(trace!("load", key = key));
    }
    load(1);
    load(2);
    drop(trace!("own"));
}

extern "C" {
    fn fork() -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
}

fn fork_inside() {
    drop(trace!("before"));
    let around = trace!("around");
    // SAFETY: this process has one thread, and both functions are called as C declares them.
    let child = unsafe { fork() };
    drop(trace!(if child == 0 { "child" } else { "parent" }));
    if child != 0 {
        unsafe { waitpid(child, std::ptr::null_mut(), 0) };
    }
    drop(around);
}

/// Nanoseconds per call, of so many calls as the second argument says.
fn measure() {
    let calls: u64 = std::env::args().nth(2).expect("a number of calls").parse().unwrap();
    let started = Instant::now();
    for key in 0..calls {
        let call = trace!("load_node", part_id = "00000001", node_id = key);
        call.record("rows", 3);
    }
    println!("{}", started.elapsed().as_nanos() as f64 / calls as f64);
}
