// What a customer's software does with the published client, step by step.
import { execFileSync } from "node:child_process";
import { APIClient } from "@hexonet/ispapi-apiconnector";

const client = new APIClient();
client.useOTESystem();
client.setURL(process.env.GATEWAY);
client.setCredentials("test.user", "test.passw0rd");
client.disableDebugMode?.();

function expect(what, got, wanted) {
  const same = String(got) === String(wanted);
  console.log(`${same ? "ok  " : "FAIL"} ${what}: ${got}`);
  if (!same) {
    console.log(`     wanted: ${wanted}`);
    process.exit(1);
  }
}
const value = (response, column, row = 0) => response.getColumn(column)?.getDataByIndex(row);
const request = (command) => client.request(command);
const advance = (span) => execFileSync(process.env.PROGRAM, ["--db", process.env.BOOK, "clock", "advance", span]);

expect("login", (await client.login()).getCode(), 200);
const placed = await request({ COMMAND: "AddDomainApplication", CLASS: "BACKORDER", DOMAIN: "john.com", OWNERCONTACT: ["P-KLM20411"] });
expect("place", placed.getCode(), 200);
expect("status at first", value(placed, "STATUS"), "REQUESTED");
const again = await request({ COMMAND: "AddDomainApplication", CLASS: "BACKORDER", DOMAIN: "john.com" });
expect("the same again is the same application", value(again, "APPLICATION"), value(placed, "APPLICATION"));
for (const name of ["dune-market.com", "tern-court.com", "tern-court.org", "käse-rad.com"]) {
  expect(`place ${name}`, (await request({ COMMAND: "AddDomainApplication", CLASS: "BACKORDER", DOMAIN: name })).getCode(), 200);
}

const pages = await client.requestAllResponsePages({ COMMAND: "QueryDomainApplicationList", WIDE: 1, FIRST: 0, LIMIT: 2 });
expect("pages of a list of five by two", pages.length, 3);
expect("names on all pages", pages.flatMap((page) => page.getColumn("DOMAIN").getData()).join(" "),
  "john.com dune-market.com tern-court.com tern-court.org xn--kse-rad-5wa.com");
expect("total", pages[0].getRecordsTotalCount(), 5);
expect("number of pages", pages[0].getNumberOfPages(), 3);
expect("has a next page", pages[0].hasNextPage(), true);
expect("last page has none", pages[2].hasNextPage(), false);

expect("nobody's application", (await request({ COMMAND: "StatusDomainApplication", APPLICATION: 99 })).getCode(), 545);
advance("26h");
expect("status when the deposit is reserved", value(await request({ COMMAND: "StatusDomainApplication", APPLICATION: 1 }), "STATUS"), "ACTIVE");
const account = await request({ COMMAND: "StatusAccount" });
expect("balance", value(account, "AMOUNT"), "500.00");
expect("set aside", value(account, "DEPOSIT"), "118.00");
const deposits = await request({ COMMAND: "QueryDepositList", FIRST: 0, LIMIT: 50 });
expect("deposits", deposits.getColumn("DESCRIPTION").getData().join(" "), "john.com dune-market.com");

expect("delete", (await request({ COMMAND: "DeleteDomainApplication", APPLICATION: 2 })).getCode(), 200);
expect("deleted", value(await request({ COMMAND: "StatusDomainApplication", APPLICATION: 2 }), "STATUS"), "CANCELLED");
expect("deposit given back", value(await request({ COMMAND: "StatusAccount" }), "DEPOSIT"), "59.00");

advance("2d");
expect("status when the job exists", value(await request({ COMMAND: "StatusDomainApplication", APPLICATION: 1 }), "STATUS"), "PROCESSING");
advance("2d");
expect("outcome", value(await request({ COMMAND: "StatusDomainApplication", APPLICATION: 1 }), "STATUS"), "SUCCESSFUL");
const bookings = await request({ COMMAND: "QueryAccountingList", LIMIT: 1000 });
expect("bookings", bookings.getColumn("ACCOUNTINGPRICE").getData().join(" "), "500.00 -59.00");
expect("sum", value(bookings, "SUM"), "441.00");

const events = await request({ COMMAND: "QueryEventList", WIDE: 1, FIRST: 0, LIMIT: 1 });
expect("first event", value(events, "EVENTDATA0"), "domain:john.com");
expect("event deleted", (await request({ COMMAND: "DeleteEvent", EVENT: value(events, "EVENT") })).getCode(), 200);
const user = await request({ COMMAND: "StatusUser", RELATIONS: 1 });
const at = user.getColumn("RELATIONTYPE").getData().indexOf("PRICE_CLASS_DOMAIN_COM_BACKORDER_SETUP");
expect("price of .com", value(user, "RELATIONVALUE", at), "59.00");
expect("converted", value(await request({ COMMAND: "ConvertIDN", DOMAIN: ["käse-rad.com"] }), "ACE"), "xn--kse-rad-5wa.com");

const session = client.getSession();
expect("logout", (await client.logout()).getCode(), 200);
client.setSession(session);
const gone = await request({ COMMAND: "StatusAccount" });
expect("the session has ended", `${gone.getCode()} ${gone.getDescription()}`, "530 SESSION NOT FOUND");
console.log("the published client and the gateway understand each other");
