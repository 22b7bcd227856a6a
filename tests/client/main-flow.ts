/** The main flow, as a shop's own client would write it: what doesn't type-check here is a hole in the document. */
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Order = components["schemas"]["OrderView"];
type Client = ReturnType<typeof createClient<paths>>;

/** A client that calls as whoever the token is of. */
function as(baseUrl: string, token: string): Client {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
}

/** What was answered, or the problem as an error that names its code. */
function answered<Answer>(result: { data?: Answer; error?: { code: string; detail: string } }): Answer {
  if (result.error !== undefined) throw new Error(`${result.error.code}: ${result.error.detail}`);
  if (result.data === undefined) throw new Error("There is no answer.");
  return result.data;
}

async function placed(customer: Client, variantId: number, promotionCode: string | null): Promise<Order> {
  const result = await customer.POST("/api/orders", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      customer: { firstName: "Grâce", lastName: "Mbuyi", email: "grace@example.com", locale: "fr" },
      items: [{ variantId, quantity: 2 }],
      deliveryMethod: "HOME_DELIVERY",
      deliveryAddress: { street: "12 avenue de la Paix", city: "Kinshasa" },
      paymentMethod: "MOBILE_MONEY",
      promotionCode,
      source: "ONLINE",
    },
  });
  return answered(result);
}

/** An order is placed, paid and cancelled, and its refund is completed. */
async function cancelled(customer: Client, staff: Client, admin: Client, variantId: number): Promise<number> {
  const order = await placed(customer, variantId, null);
  const orderId = order.id;
  const paid = await staff.PUT("/api/orders/{orderId}/payment", {
    params: { path: { orderId }, header: { "If-Match": `"${order.version}"` } },
    body: { paymentStatus: "PAID" },
  });
  const total: number = answered(paid).total;
  const cancel = await customer.POST("/api/orders/{orderId}/cancel", { params: { path: { orderId } }, body: { reason: "Changed my mind" } });
  if (cancel.error?.code === "ALREADY_CANCELLED") return total;
  // @ts-expect-error No operation has this code.
  if (cancel.error?.code === "NO_SUCH_CODE") return total;
  const refund = answered(cancel).refund;
  if (refund === null) throw new Error("A paid order has a refund.");
  const completed = await admin.PUT("/api/refunds", {
    params: { query: { id: refund.id } },
    body: { status: "COMPLETED", transactionReference: "OUT-1" },
  });
  return answered(completed).amount;
}

/** A delivered order's piece comes back. */
async function returned(customer: Client, staff: Client, order: Order): Promise<number | null> {
  const [line] = order.items;
  if (line === undefined) throw new Error("An order has lines.");
  const asked = await customer.POST("/api/returns", {
    body: { orderId: order.id, reason: "Trop grand", items: [{ orderItemId: line.id, quantity: 1, condition: "UNOPENED" }] },
  });
  const id = answered(asked).return.id;
  for (const status of ["APPROVED", "RECEIVED", "REFUNDED"] as const) {
    answered(await staff.PUT("/api/returns", { params: { query: { id } }, body: { status } }));
  }
  const found = answered(await customer.GET("/api/returns", { params: { query: { id } } }));
  return Array.isArray(found) ? null : found.refundAmount;
}

/** A parcel is booked, and brought. */
async function shipped(staff: Client, order: Order): Promise<string | null> {
  const booked = await staff.POST("/api/shipments", {
    body: {
      orderId: order.id,
      carrier: "LOCAL",
      recipientName: "Grâce Mbuyi",
      shippingAddress: { street: "12 avenue de la Paix", city: "Kinshasa", country: "CD" },
    },
  });
  const { id, trackingNumber } = answered(booked);
  for (const status of ["IN_TRANSIT", "DELIVERED"] as const) {
    answered(await staff.PUT("/api/shipments", { params: { query: { id } }, body: { status } }));
  }
  return trackingNumber;
}

/** What a code takes off, or nothing where it can't be used. */
async function discount(customer: Client, code: string, orderTotal: number): Promise<number> {
  const { data, error } = await customer.POST("/api/promotions/validate", { body: { code, orderTotal } });
  return error === undefined ? data.discountAmount : 0;
}

/** Every order, page by page. */
async function* orders(staff: Client): AsyncGenerator<Order> {
  for (let cursor: string | null = "", query = {}; cursor !== null; query = { cursor }) {
    const page = await staff.GET("/api/orders", { params: { query: { limit: 100, status: "DELIVERED", ...query } } });
    const found = answered(page);
    yield* Array.isArray(found) ? found : [found];
    cursor = page.response.headers.get("X-Next-Cursor");
  }
}

export async function mainFlow(url: string, tokens: { customer: string; staff: string; admin: string }, variantId: number): Promise<void> {
  const [customer, staff, admin] = [as(url, tokens.customer), as(url, tokens.staff), as(url, tokens.admin)];
  await cancelled(customer, staff, admin, variantId);
  const code = (await discount(customer, "SAVE20", 150)) > 0 ? "SAVE20" : null;
  const order = await placed(customer, variantId, code);
  answered(await staff.PUT("/api/orders/{orderId}/status", { params: { path: { orderId: order.id } }, body: { newStatus: "CONFIRMED" } }));
  await shipped(staff, order);
  await returned(customer, staff, order);
  for await (const { status } of orders(staff)) {
    // @ts-expect-error A status is one of the contract's words.
    if (status === "Delivered") throw new Error("This can't be.");
  }
}
