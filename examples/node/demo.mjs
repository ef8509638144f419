// A page that loads its products one by one: `PERF_TRACE=1 node demo.mjs 2> perf_trace.log`

import { record, trace, traced } from "./perf-trace.mjs";

const loadProduct = traced("loadProduct", ["product"], async (product) => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  record({ price_cents: 100 * product });
  return 100 * product;
});

for (const order of [1, 2]) {
  const prices = await trace("orderPage", { order }, () =>
    Promise.all([0, 1, 2, 3, 4, 5].map((line) => loadProduct(10 * order + line))),
  );
  console.log(`order ${order}: ${prices.reduce((sum, price) => sum + price)} cents`);
}
