// Each repository asks for one row; the one that lists asks another one for each of its rows.

export class Repository {
  constructor(database, table) {
    this.database = database;
    this.table = table;
  }

  async find(id) {
    const { rows } = await this.database.query(`SELECT * FROM ${this.table} WHERE id = $1`, [id]);
    return rows[0];
  }

  async all() {
    return (await this.database.query(`SELECT * FROM ${this.table} ORDER BY id`)).rows;
  }
}

export class Orders extends Repository {
  constructor(database) {
    super(database, "orders");
    this.customers = new Repository(database, "customers");
  }

  async listWithCustomers() {
    const found = await this.all();
    return Promise.all(found.map(async (order) => ({ ...order, customer: await this.customers.find(order.customer) })));
  }
}
