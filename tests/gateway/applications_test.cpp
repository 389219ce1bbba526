// Placing, deleting, looking at and listing backorders over the protocol, as customers' software does it.
#include <doctest/doctest.h>

#include <set>
#include <thread>

#include "tests/gateway/served_book.hpp"

using namespace support;

TEST_CASE("gateway: the quick start's call places a backorder, and its repetition answers the same one") {
  ServedBook world;
  const std::string order = "command=AddDomainApplication&class=BACKORDER&domain=john.com";
  const auto first = world.call(order);
  CHECK(first.code() == 200);
  CHECK(first.value("APPLICATION") == "1");
  CHECK(first.value("CLASS") == "COM_BACKORDER");
  CHECK(first.value("DOMAIN") == "john.com");
  CHECK(first.value("STATUS") == "REQUESTED");
  CHECK(first.value("USER") == "test.user");
  CHECK(first.value("CREATEDDATE") == "2026-08-01 12:00:00");
  // our deadline: three hours before the drop
  CHECK(first.value("FINALIZATIONDATE") == "2026-08-05 09:00:00");

  CHECK(world.call(order).value("APPLICATION") == "1");
  CHECK(world.call("command=AddDomainApplication&class=com_backorder&domain=JOHN.com.").value("APPLICATION") == "1");
  CHECK(world.call("command=QueryDomainApplicationList").paging().total == 1);
  // On disk before the answer left: another program sees it.
  engine::BackorderQuery all;
  CHECK(world.store()->backorders(all).size() == 1);
}

TEST_CASE("gateway: every way to send a command is understood") {
  ServedBook world;
  const std::string credentials = "s_entity=1234&s_login=test.user&s_pw=test.passw0rd";
  const std::string flat = "command=StatusAccount";
  const auto code = [&](const std::string& query, const std::string& body) {
    return api_client::Response::parse(world.served->answer(query, body, "192.0.2.1")).code();
  };
  CHECK(code(credentials, flat) == 200);
  CHECK(code("", credentials + "&" + flat) == 200);
  CHECK(code(credentials + "&" + flat, "") == 200);
  CHECK(code("s_login=test.user&s_password=test.passw0rd", "s_command=COMMAND%20%3D%20STATUSACCOUNT%0D%0A") == 200);
  CHECK(code("s_login=test.user&s_pw=test%2epassw0rd", "s_command=%5BCOMMAND%5D%0Acommand%3Dstatusaccount%0AEOF%0A") ==
        200);
  CHECK(code(credentials, "") == 507);
  CHECK(code(credentials, "command=%zz") == 507);
}

TEST_CASE("gateway: what cannot be is refused by its code, and nothing is placed") {
  ServedBook world;
  struct Row {
    const char* body;
    int code;
  };
  for (const Row& row : {
           Row{"command=NoSuchCommand", 500},
           Row{"command=AddDomainApplication&class=BACKORDER", 504},
           Row{"command=AddDomainApplication&domain=john.com", 504},
           Row{"command=AddDomainApplication&class=BACKORDER&domain=john..com", 505},
           Row{"command=AddDomainApplication&class=BACKORDER&domain=com", 505},
           Row{"command=AddDomainApplication&class=BACKORDER&domain=john.invalid", 510},
           Row{"command=AddDomainApplication&class=LITEBACKORDER&domain=john.com", 541},
           Row{"command=AddDomainApplication&class=BACKORDER&X-BACKORDER-LITE=1&domain=john.com", 510},
           Row{"command=AddDomainApplication&class=ORG_BACKORDER&domain=john.com", 541},
           Row{"command=AddDomainApplication&class=BACKORDER&domain=john.com&X-MAX-PRICE=1.00", 541},
           Row{"command=AddDomainApplication&class=BACKORDER&domain=john.com&X-MAX-PRICE=1.001", 505},
           Row{"command=AddDomainApplication&class=BACKORDER&domain=john.com&X-PRIORITY=0", 505},
           Row{"command=AddDomainApplication&class=BACKORDER&domain0=john.com&domain1=dune-market.com", 541},
           Row{"command=StatusDomainApplication", 504},
           Row{"command=StatusDomainApplication&application=x", 505},
           Row{"command=StatusDomainApplication&application=77", 545},
           Row{"command=DeleteDomainApplication&application=77", 545},
           Row{"command=QueryDomainApplicationList&last=3", 503},
           Row{"command=QueryDomainApplicationList&first=-1", 505},
           Row{"command=QueryDomainApplicationList&orderby=COLOUR", 541},
           Row{"command=QueryDomainApplicationList&domainregex=.*", 541},
           Row{"command=QueryAccountingList&subuser=somebody", 531},
           Row{"command=QueryAccountingList&mindate=yesterday", 505},
           Row{"command=StatusEvent", 504},
           Row{"command=StatusEvent&event=99", 545},
           Row{"command=DeleteEvent&event=99", 541},
           Row{"command=ConvertIDN", 504},
           Row{"command=EndSession", 531},
           Row{"command=StartSession&timeout=59", 541},
           Row{"command=CheckAuthentication&subuser=test.user", 504},
       }) {
    CAPTURE(row.body);
    CHECK(world.call(row.body).code() == row.code);
  }
  CHECK(world.call("command=StatusAccount", "s_login=test.user&s_pw=test.passw0rd&s_user=somebody").code() == 531);
  CHECK(world.call("command=QueryDomainApplicationList").paging().total == 0);
  // Another entity is another system.
  CHECK(api_client::Response::parse(world.served->answer("s_entity=54cd&s_login=test.user&s_pw=test.passw0rd",
                                                         "command=StatusAccount", "192.0.2.1"))
            .code() == 502);
}

TEST_CASE("gateway: one customer never sees or touches another's") {
  ServedBook world;
  world.open_account("bob", 10'000);
  const auto johns = world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com");
  const auto bobs = world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com", ServedBook::as("bob"));
  CHECK(bobs.code() == 200);
  CHECK(bobs.value("APPLICATION") != johns.value("APPLICATION"));  // each has its own
  const std::string id(johns.value("APPLICATION"));
  for (const char* command : {"StatusDomainApplication", "DeleteDomainApplication"}) {
    CHECK(world.call("command=" + std::string(command) + "&application=" + id, ServedBook::as("bob")).code() == 545);
  }
  CHECK(world.call("command=StatusDomainApplication&application=" + id).value("STATUS") == "REQUESTED");
  CHECK(world.call("command=QueryDomainApplicationList", ServedBook::as("bob")).paging().total == 1);
  CHECK(world.call("command=QueryDomainApplicationList&status=*", ServedBook::as("bob")).value("APPLICATION") ==
        bobs.value("APPLICATION"));
  CHECK(world.call("command=StatusAccount", ServedBook::as("bob")).value("AMOUNT") == "100.00");
  CHECK(world.call("command=QueryAccountingList", ServedBook::as("bob")).paging().total == 1);
  // Nor does bob hear what happens to others.
  const auto events = world.call("command=QueryEventList&wide=1&first=0", ServedBook::as("bob"));
  CHECK(events.paging().total == 1);
  CHECK(events.value("EVENTDATA1") == "application:" + std::string(bobs.value("APPLICATION")));
  CHECK(world.call("command=CheckAuthentication&subuser=test.user&password=test.passw0rd", ServedBook::as("bob"))
            .code() == 531);
}

TEST_CASE(
    "gateway: inside the window a placement is funded at once or refused whole, after the deadline it is too late") {
  ServedBook world;
  world.open_account("poor", 1'000);
  world.set_now(kJohnDrops - std::chrono::hours(50));
  const auto funded = world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com");
  CHECK(funded.value("STATUS") == "ACTIVE");
  CHECK(funded.value("X-DEPOSIT") == "59.00");
  const auto refused =
      world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com", ServedBook::as("poor"));
  CHECK(refused.code() == 546);
  CHECK(world.call("command=QueryDomainApplicationList&status=*", ServedBook::as("poor")).paging().total == 0);
  // The refusal is not the answer for ever: money in, and the same request is taken.
  REQUIRE(bool(operations::fund({*world.store(), world.now(), "test"}, {}, "poor", {.amount = eur(10'000)})));
  CHECK(world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com", ServedBook::as("poor"))
            .value("STATUS") == "ACTIVE");
  world.set_now(kJohnDrops - std::chrono::hours(2));
  world.open_account("late", 10'000);
  CHECK(world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com", ServedBook::as("late")).code() ==
        552);
}

TEST_CASE("gateway: NEW=1 places a further one, and a request id of the customer's own makes even that repeatable") {
  ServedBook world;
  const std::string order = "command=AddDomainApplication&class=BACKORDER&domain=john.com";
  CHECK(world.call(order).value("APPLICATION") == "1");
  CHECK(world.call(order + "&new=1").value("APPLICATION") == "2");
  const std::string named = order + "&new=1&x-request-id=7f3a";
  CHECK(world.call(named).value("APPLICATION") == "3");
  CHECK(world.call(named).value("APPLICATION") == "3");
  // same id, other content
  CHECK(world.call("command=AddDomainApplication&class=BACKORDER&domain=dune-market.com&x-request-id=7f3a").code() ==
        541);
  CHECK(world.call(order).value("APPLICATION") == "1");
  CHECK(world.call("command=QueryDomainApplicationList").paging().total == 3);
}

TEST_CASE("gateway: a client that repeats NEW=1 without end stops at a hundred") {
  ServedBook world;
  const std::string order = "command=AddDomainApplication&class=BACKORDER&domain=john.com&new=1";
  for (int i = 0; i < 100; ++i) REQUIRE(world.call(order).code() == 200);
  CHECK(world.call(order).code() == 549);
  CHECK(world.call("command=AddDomainApplication&class=BACKORDER&domain=dune-market.com&new=1").code() == 200);
}

TEST_CASE("gateway: a crowd that places at once gets each name once") {
  ServedBook world;
  std::vector<std::thread> clients;
  std::vector<std::set<std::string>> answered(6);
  for (std::size_t client = 0; client < answered.size(); ++client) {
    clients.emplace_back([&, client] {
      for (int i = 0; i < 20; ++i) {
        const std::string body =
            "command=AddDomainApplication&class=BACKORDER&domain=name" + std::to_string(i) + ".com";
        const auto response = api_client::Response::parse(
            world.served->answer("s_login=test.user&s_pw=test.passw0rd", body, "192.0.2." + std::to_string(client)));
        answered[client].emplace(response.value("APPLICATION"));
      }
    });
  }
  for (std::thread& client : clients) client.join();
  for (const auto& ids : answered) CHECK(ids == answered.front());
  CHECK(answered.front().size() == 20);
  CHECK(world.call("command=QueryDomainApplicationList").paging().total == 20);
  CHECK(world.store()->verify({}).findings.empty());
}

TEST_CASE("gateway: a deleted application stays answerable until thirty days after the drop, and leaves the lists") {
  ServedBook world;
  world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com");
  world.call("command=AddDomainApplication&class=BACKORDER&domain=dune-market.com");
  const auto deleted = world.call("command=DeleteDomainApplication&application=1");
  CHECK(deleted.code() == 200);
  CHECK(deleted.value("DOMAIN") == "john.com");
  // once more, after a lost answer
  CHECK(world.call("command=DeleteDomainApplication&application=1").code() == 200);
  const auto status = world.call("command=StatusDomainApplication&application=1");
  CHECK(status.value("STATUS") == "CANCELLED");
  CHECK(status.value("X-REASON") == "by_customer");
  CHECK(world.call("command=QueryDomainApplicationList").paging().total == 1);
  CHECK(world.call("command=QueryDomainApplicationList&status=CANCELLED").value("APPLICATION") == "1");
  world.set_now(kJohnDrops + std::chrono::hours(30 * 24) - std::chrono::seconds(1));
  CHECK(world.call("command=StatusDomainApplication&application=1").code() == 200);
  world.set_now(kJohnDrops + std::chrono::hours(30 * 24));
  CHECK(world.call("command=StatusDomainApplication&application=1").code() == 545);
  CHECK(world.call("command=DeleteDomainApplication&application=1").code() == 545);
}

TEST_CASE("gateway: the life of a deposit, as the clock goes on") {
  ServedBook world;
  world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com");
  const auto shows = [&](const char* status, const char* amount, const char* deposit) {
    CHECK(world.call("command=StatusDomainApplication&application=1").value("STATUS") == status);
    const auto account = world.call("command=StatusAccount");
    CHECK(account.value("AMOUNT") == amount);
    CHECK(account.value("DEPOSIT") == deposit);
  };
  shows("REQUESTED", "500.00", "0.00");
  world.advance_to(kJohnDrops - std::chrono::hours(71));
  shows("ACTIVE", "500.00", "59.00");
  const auto deposits = world.call("command=QueryDepositList&accountingtype=COM_BACKORDER&first=0&limit=50");
  CHECK(deposits.paging().count == 1);
  CHECK(deposits.value("DEPOSIT") == "59.00");
  CHECK(deposits.value("DESCRIPTION") == "john.com");
  world.advance_to(kJohnDrops - std::chrono::hours(26));
  shows("PROCESSING", "500.00", "59.00");
  world.advance_to(kJohnDrops + std::chrono::hours(20));
  shows("SUCCESSFUL", "441.00", "0.00");
  CHECK(world.call("command=DeleteDomainApplication&application=1").code() == 552);
  const auto bookings = world.call("command=QueryAccountingList");
  CHECK(bookings.paging().total == 2);
  CHECK(bookings.value("ACCOUNTINGTYPE", 1) == "COM_BACKORDER");
  CHECK(bookings.value("ACCOUNTINGPRICE", 1) == "-59.00");
  CHECK(bookings.value("SUM") == "441.00");
  CHECK(world.call("command=QueryDepositList").paging().total == 0);
}

TEST_CASE("gateway: VOID is FAILED on the wire, with its reason") {
  ServedBook world;
  world.open_account("poor", 1'000);
  world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com", ServedBook::as("poor"));
  world.advance_to(kJohnDrops - std::chrono::hours(71));
  const auto status = world.call("command=StatusDomainApplication&application=1", ServedBook::as("poor"));
  CHECK(status.value("STATUS") == "FAILED");
  CHECK(status.value("X-REASON") == "insufficient_available");
  CHECK(world.call("command=QueryDomainApplicationList&status=FAILED", ServedBook::as("poor")).paging().total == 1);
  CHECK(world.call("command=QueryDomainApplicationList&status=VOID", ServedBook::as("poor")).paging().total == 0);
  CHECK(world.call("command=DeleteDomainApplication&application=1", ServedBook::as("poor")).code() == 552);
  // Placing again is free, and a new one.
  REQUIRE(bool(operations::fund({*world.store(), world.now(), "test"}, {}, "poor", {.amount = eur(10'000)})));
  CHECK(world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com", ServedBook::as("poor"))
            .value("APPLICATION") == "2");
}

TEST_CASE("gateway: lists page, sort and filter") {
  ServedBook world;
  for (const char* name : {"b-two.com", "a-one.com", "c-three.org", "a-four.net", "b-five.com"}) {
    world.call("command=AddDomainApplication&class=BACKORDER&domain=" + std::string(name));
  }
  world.call("command=DeleteDomainApplication&application=5");
  struct Row {
    const char* parameters;
    std::vector<std::string_view> applications;
    std::int64_t total;
  };
  for (const Row& row : {
           Row{"", {"1", "2", "3", "4"}, 4},
           Row{"&first=1&limit=2", {"2", "3"}, 4},
           Row{"&first=3&limit=2", {"4"}, 4},
           Row{"&first=4&limit=2", {}, 4},
           Row{"&first=900000000000", {}, 4},
           Row{"&limit=0", {}, 4},
           Row{"&orderby=CREATEDDATEDESC&limit=3", {"4", "3", "2"}, 4},
           Row{"&orderby=DOMAIN", {"4", "2", "1", "3"}, 4},
           Row{"&orderby=domaindesc&limit=1", {"3"}, 4},
           Row{"&orderby=CLASS", {"1", "2", "4", "3"}, 4},
           Row{"&domain=a-*", {"2", "4"}, 2},
           Row{"&domain=*.COM", {"1", "2"}, 2},
           Row{"&domain=a-one.com", {"2"}, 1},
           Row{"&domain0=a-one.com&domain1=c-three.org", {"2", "3"}, 2},
           Row{"&class=*_BACKORDER", {"1", "2", "3", "4"}, 4},
           Row{"&class=BACKORDER", {"1", "2", "3", "4"}, 4},
           Row{"&class=com_backorder", {"1", "2"}, 2},
           Row{"&class0=ORG_BACKORDER&class1=NET_BACKORDER", {"3", "4"}, 2},
           Row{"&class=XYZ_BACKORDER", {}, 0},
           Row{"&status=REQUESTED&orderby=UPDATEDDATEDESC", {"4", "3", "2", "1"}, 4},
           Row{"&status=*&orderby=CREATEDDATE", {"1", "2", "3", "4", "5"}, 5},
           Row{"&status=CANCEL*", {"5"}, 1},
           Row{"&status=NONSENSE", {}, 0},
       }) {
    CAPTURE(row.parameters);
    const auto list = world.call("command=QueryDomainApplicationList" + std::string(row.parameters));
    const auto got = list.values("APPLICATION");
    CHECK(std::vector<std::string_view>(got.begin(), got.end()) == row.applications);
    CHECK(list.paging().total == row.total);
    CHECK(list.paging().count == static_cast<std::int64_t>(row.applications.size()));
    CHECK(*list.paging().last == *list.paging().first + std::max<std::int64_t>(0, *list.paging().count - 1));
  }
  CHECK(world.call("command=QueryDomainApplicationList&limit=20000").paging().limit == 10'000);
  CHECK(world.call("command=QueryDomainApplicationList").values("CREATEDDATE").empty());
  CHECK(world.call("command=QueryDomainApplicationList&wide=1").values("CREATEDDATE").size() == 4);
  CHECK_FALSE(world.call("command=QueryDomainApplicationList&nototal=1").paging().total);
}
