// The account, its events, users and sessions over the protocol.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/gateway/served_book.hpp"

using namespace support;

namespace {

std::string code_of(const api_client::Response& response) { return std::to_string(response.code()); }

}  // namespace

TEST_CASE("gateway: bookings add up, tax beside the price, and pages share their sums") {
  ServedBook world;
  {
    const auto store = world.store();
    const operations::Context context{*store, world.now(), "test"};
    REQUIRE(bool(operations::set_setting(context, {}, "tax.charged", "yes")));
    REQUIRE(bool(operations::set_tax_rate(context, {}, {"DE", 1900, kMade})));
    REQUIRE(bool(operations::change_terms(context, {}, "test.user", {.country = "DE", .credit_limit = eur(2'500)})));
    REQUIRE(bool(operations::adjust(context, {}, "test.user", eur(150), engine::Direction::credit, true,
                                    "for the trouble", std::nullopt)));
    REQUIRE(bool(operations::withdraw(context, {}, "test.user", {.amount = eur(10'000), .memo = "back to the bank"})));
  }
  const auto account = world.call("command=StatusAccount");
  CHECK(account.value("AMOUNT") == "401.50");
  CHECK(account.value("CREDIT") == "25.00");
  CHECK(account.value("CURRENCY") == "EUR");
  CHECK(account.value("VAT") == "19.00");
  world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com");
  world.advance_to(kJohnDrops + std::chrono::hours(20));
  REQUIRE(world.call("command=StatusDomainApplication&application=1").value("STATUS") == "SUCCESSFUL");

  const auto all = world.call("command=QueryAccountingList");
  CHECK(all.paging().total == 4);
  CHECK(all.value("ACCOUNTINGPRICE", 3) == "-49.58");  // 59.00 gross at 19 %
  CHECK(all.value("ACCOUNTINGVATPRICE", 3) == "-9.42");
  CHECK(all.value("ACCOUNTINGVAT", 3) == "19.00");
  CHECK(all.value("OPENINGBALANCE") == "0.00");
  CHECK(all.value("SUMPRICE") == "351.92");
  CHECK(all.value("SUMVATPRICE") == "-9.42");
  CHECK(all.value("SUM") == "342.50");
  CHECK(world.call("command=StatusAccount").value("AMOUNT") == "342.50");

  const auto page = world.call("command=QueryAccountingList&first=1&limit=2");
  CHECK(page.paging().count == 2);
  CHECK(page.value("ACCOUNTINGTYPE", 0) == "GOODWILL");
  CHECK(page.value("ACCOUNTINGTYPE", 1) == "PAYOUT");
  CHECK(page.value("SUM") == "342.50");
  const auto later = world.call("command=QueryAccountingList&mindate=2026-08-02&maxdate=2026-08-31");
  CHECK(later.paging().total == 1);
  CHECK(later.value("OPENINGBALANCE") == "401.50");
  CHECK(later.value("SUM") == "342.50");
  CHECK(world.call("command=QueryAccountingList&maxdate=2026-08-01").value("SUM") == "401.50");
  CHECK(world.call("command=QueryAccountingList&type=PAY*").paging().total == 2);
  CHECK(world.call("command=QueryAccountingList&description=john.com&orderby=ACCOUNTINGDATEDESC").paging().total == 1);
  CHECK(world.call("command=QueryAccountingList&nosum=1").values("SUM").empty());
}

TEST_CASE("gateway: amounts have the currency's decimals") {
  ServedBook world;
  world.open_account("yuki", 1'234, "JPY");
  world.open_account("fahad", 1'234, "KWD");
  CHECK(world.call("command=StatusAccount", ServedBook::as("yuki")).value("AMOUNT") == "1234");
  CHECK(world.call("command=StatusAccount", ServedBook::as("fahad")).value("AMOUNT") == "1.234");
}

TEST_CASE("gateway: prices are relations of the user, by class, in the account's tier and currency") {
  ServedBook world;
  const auto user = world.call("command=StatusUser&relations=1");
  CHECK(user.value("USER") == "test.user");
  CHECK(user.value("ACCOUNTCURRENT") == "500.00");
  const auto types = user.values("RELATIONTYPE");
  const auto values = user.values("RELATIONVALUE");
  REQUIRE(types.size() == values.size());
  const auto relation = [&](std::string_view type) {
    const auto found = std::ranges::find(types, type);
    return found == types.end() ? std::string_view("none") : values[static_cast<std::size_t>(found - types.begin())];
  };
  CHECK(relation("PRICE_CLASS_DOMAIN_COM_BACKORDER_SETUP") == "59.00");
  CHECK(relation("PRICE_CLASS_DOMAIN_COM_BACKORDER_CURRENCY") == "EUR");
  CHECK(relation("PRICE_CLASS_DOMAIN_ORG_BACKORDER_SETUP") == "49.00");
  CHECK(world.call("command=StatusUser&relations=0").values("RELATIONTYPE").empty());
  world.open_account("yuki", 0, "JPY");
  // nothing is sold in yen
  CHECK(world.call("command=StatusUser", ServedBook::as("yuki")).values("RELATIONTYPE").empty());
}

TEST_CASE(
    "gateway: a user's lifetime totals are what was paid in and what was charged; sub-users are counted where asked "
    "for: none") {
  ServedBook world;
  world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com");
  const auto before = world.call("command=StatusUser&relations=0");
  CHECK(before.value("ACCOUNTPAYMENT") == "500.00");
  CHECK(before.value("ACCOUNTVOLUME") == "0.00");
  CHECK(before.values("SUBUSERSTOTAL").empty());
  world.advance_to(kJohnDrops + std::chrono::hours(20));
  const auto after = world.call("command=StatusUser&relations=0&stats=1");
  CHECK(after.value("ACCOUNTPAYMENT") == "500.00");
  CHECK(after.value("ACCOUNTVOLUME") == "59.00");
  CHECK(after.value("SUBUSERSDIRECT") == "0");
  CHECK(after.value("SUBUSERSTOTAL") == "0");
}

TEST_CASE("gateway: the queue of events is each user's own, and the log keeps what leaves it") {
  ServedBook world;
  {
    const auto store = world.store();
    REQUIRE(bool(
        operations::add_user({*store, world.now(), "test"}, {}, "test.user!second", "test.user", "second.secret")));
  }
  const std::string second = "s_login=test.user%21second&s_pw=second.secret";
  world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com");
  world.call("command=AddDomainApplication&class=BACKORDER&domain=dune-market.com");
  const auto queue = world.call("command=QueryEventList&wide=1&first=0");
  REQUIRE(queue.paging().total == 2);
  CHECK(queue.value("EVENTCLASS") == "DOMAIN_APPLICATION");
  CHECK(queue.value("EVENTSUBCLASS") == "PLACED");
  CHECK(queue.value("EVENTDATA0") == "domain:john.com");
  const std::string first(queue.value("EVENT", 0)), last(queue.value("EVENT", 1));
  // without FIRST, the last window
  CHECK(world.call("command=QueryEventList&limit=1").value("EVENT") == last);
  CHECK(world.call("command=QueryEventList&limit=ONLYLAST").value("EVENT") == last);
  CHECK(world.call("command=QueryEventList&limit=1&first=0").value("EVENT") == first);
  CHECK(world.call("command=QueryEventList&limit=1&orderby=EVENTDATEDESC").value("EVENT") == last);
  CHECK(world.call("command=QueryEventList&subclass=STEPPED").paging().total == 0);
  CHECK(world.call("command=QueryEventList&subclass=pla*&class=*APPLICATION").paging().total == 2);
  CHECK(world.call("command=StatusEvent&event=" + first).value("DATA") == "domain:john.com");

  CHECK(world.call("command=DeleteEvent&event=" + first).code() == 200);
  CHECK(world.call("command=StatusEvent&event=" + first).code() == 545);
  CHECK(world.call("command=DeleteEvent&event=" + first).code() == 541);
  CHECK(world.call("command=QueryEventList").value("EVENT") == last);
  // the other user has not dealt with it
  CHECK(world.call("command=QueryEventList", second).paging().total == 2);
  std::int64_t logged = 0;
  world.store()->each_event(
      {}, [&](const engine::LoggedEvent& event) { logged += event.kind == engine::EventKind::placed ? 1 : 0; });
  CHECK(logged == 2);
}

TEST_CASE("gateway: a long queue is worked off, and what a new user sees begins with them") {
  ServedBook world;
  {
    const auto store = world.store();
    engine::Changes changes;
    for (int i = 0; i < 300; ++i)
      changes.events.push_back({engine::EventKind::money_moved,
                                store->customer("test.user")->id,
                                {},
                                {},
                                {},
                                {},
                                "event " + std::to_string(i)});
    const operations::Context context{*store, world.now(), "test"};
    operations::UnitOfWork work(context);
    REQUIRE(bool(store->apply(changes, {world.now(), "test"})));
    work.keep();
  }
  std::int64_t left = *world.call("command=QueryEventList&limit=0").paging().total;
  CHECK(left == 300);
  while (left > 5) {  // beyond 256 marks they are folded into where the queue begins
    const std::string event(world.call("command=QueryEventList&first=0&limit=1").value("EVENT"));
    REQUIRE(world.call("command=DeleteEvent&event=" + event).code() == 200);
    --left;
  }
  const auto rest = world.call("command=QueryEventList&wide=1&first=0");
  CHECK(rest.paging().total == 5);
  CHECK(rest.value("EVENTDATA0") == "text:event 295");
  const auto store = world.store();
  REQUIRE(bool(operations::add_user({*store, world.now(), "test"}, {}, "newcomer", "test.user", "newcomer.secret")));
  CHECK(world.call("command=QueryEventList", ServedBook::as("newcomer")).paging().total == 0);
}

TEST_CASE(
    "gateway: a session stands for login and password until it is idle too long, too old, ended, or the password "
    "changes") {
  ServedBook world;
  const auto begin = [&](const char* parameters) {
    return "s_session=" + std::string(world.call("command=StartSession" + std::string(parameters)).value("SESSION"));
  };
  const std::string session = begin("&timeout=60");
  REQUIRE(session.size() == 10 + 64);
  CHECK(world.call("command=StatusAccount", session).code() == 200);
  world.seconds += 59;
  CHECK(world.call("command=StatusAccount", session).code() == 200);  // not idle: counted anew
  world.seconds += 59;
  CHECK(world.call("command=StatusAccount", session).code() == 200);
  world.seconds += 60;
  const auto gone = world.call("command=StatusAccount", session);
  CHECK(gone.code() == 530);
  CHECK(gone.description() == "SESSION NOT FOUND");

  const std::string aging = begin("&timeout=3600&maxttl=100");
  world.seconds += 99;
  CHECK(world.call("command=StatusAccount", aging).code() == 200);
  world.seconds += 1;
  CHECK(world.call("command=StatusAccount", aging).code() == 530);

  const std::string ended = begin("");
  CHECK(world.call("command=EndSession", ended).code() == 200);
  CHECK(world.call("command=StatusAccount", ended).code() == 530);
  CHECK(world.call("command=EndSession", ended).code() == 530);

  const std::string changed = begin("");
  REQUIRE(
      bool(operations::change_password({*world.store(), world.now(), "test"}, {}, "test.user", "another.passw0rd")));
  CHECK(world.call("command=StatusAccount", changed).code() == 530);
  // the old password, though it was right a moment ago
  CHECK(world.call("command=StatusAccount").code() == 530);
  CHECK(world.call("command=StatusAccount", "s_login=test.user&s_pw=another.passw0rd").code() == 200);
  CHECK(world.call("command=StatusAccount", "s_session=nonsense").code() == 530);
}

TEST_CASE("gateway: who is shut out, removed, unknown or wrong is told nothing but 530") {
  ServedBook world;
  world.open_account("bob", 0);
  CHECK(world.call("command=StatusAccount", ServedBook::as("bob")).code() == 200);
  const std::string session =
      "s_session=" + std::string(world.call("command=StartSession", ServedBook::as("bob")).value("SESSION"));
  const auto in_book = [&](const auto& act) {
    const auto store = world.store();
    REQUIRE(bool(act(operations::Context{*store, world.now(), "test"})));
  };
  in_book([](const operations::Context& context) { return operations::enable_user(context, {}, "bob", false); });
  const auto refused = world.call("command=StatusAccount", ServedBook::as("bob"));
  CHECK(world.call("command=StatusAccount", session).code() == 530);
  const auto unknown = world.call("command=StatusAccount", "s_login=nobody&s_pw=nobody.secret");
  const auto wrong = world.call("command=StatusAccount", "s_login=bob&s_pw=bob.wrong");
  const auto without = world.call("command=StatusAccount", "s_login=bob");
  for (const auto* response : {&refused, &unknown, &wrong, &without})
    CHECK(code_of(*response) + std::string(response->description()) == "530Authentication failed");
  in_book([](const operations::Context& context) { return operations::enable_user(context, {}, "bob", true); });
  CHECK(world.call("command=StatusAccount", ServedBook::as("bob")).code() == 200);
  in_book([](const operations::Context& context) { return operations::remove_user(context, {}, "bob"); });
  CHECK(world.call("command=StatusAccount", ServedBook::as("bob")).code() == 530);
  CHECK(world.call("command=CheckAuthentication").code() == 200);
  CHECK(world.call("command=CheckAuthentication&subuser=test.user&password=test.passw0rd").code() == 200);
  CHECK(world.call("command=CheckAuthentication&subuser=test.user&password=wrong.passw0rd").code() == 530);
}

TEST_CASE("gateway: what drops can be searched, and shows our own deadline") {
  ServedBook world;
  struct Row {
    const char* parameters;
    std::vector<std::string_view> names;
  };
  for (const Row& row : {
           Row{"&zone0=ORG", {"tern-court.org", "quiet-harbour.org"}},
           Row{"&zone0=com&limit=2", {"dune-market.com", "john.com"}},
           Row{"&zone0=COM&orderby=NAMEDESC&limit=1", {"xn--kse-rad-5wa.com"}},
           Row{"&keyword0=tern", {"tern-court.com", "tern-court.org"}},
           Row{"&keyword0=court&keywordmatch=BEGIN", {}},
           Row{"&keyword0=court&keywordmatch=end&zone0=com", {"tern-court.com"}},
           Row{"&keyword0=john&keyword1=dune&keywordcatenation=OR", {"dune-market.com", "john.com"}},
           Row{"&keyword0=john&keyword1=dune", {}},
           Row{"&filter0=NOHYPHENS", {"john.com"}},
           Row{"&length0=4", {"john.com"}},
           Row{"&maxfinalizationdate=2026-08-05 09:00:00", {"dune-market.com", "john.com"}},
           Row{"&minfinalizationdate=2026-08-13", {"plain-sail.com"}},
           Row{"&deletionday0=2026-08-06", {"tern-court.com", "tern-court.org"}},
       }) {
    CAPTURE(row.parameters);
    const auto list = world.call("command=QueryDomainPendingDeleteList" + std::string(row.parameters));
    const auto got = list.values("DOMAIN");
    CHECK(std::vector<std::string_view>(got.begin(), got.end()) == row.names);
  }
  const auto john = world.call("command=QueryDomainPendingDeleteList&keyword0=john");
  CHECK(john.value("FINALIZATIONDATE") == "2026-08-05 09:00:00");
  CHECK(john.value("SUBCLASS") == "COM");
  CHECK(world.call("command=QueryDomainPendingDeleteList&regexp=.*").code() == 541);
  world.set_now(kJohnDrops);
  // too late to be placed
  CHECK(world.call("command=QueryDomainPendingDeleteList&keyword0=john").paging().total == 0);
}

TEST_CASE("gateway: names are converted both ways") {
  ServedBook world;
  const auto converted = world.call("command=ConvertIDN&domain0=k%C3%A4se-rad.example&domain1=XN--KSE-RAD-5WA.example");
  CHECK(converted.value("ACE", 0) == "xn--kse-rad-5wa.example");
  CHECK(converted.value("ACE", 1) == "xn--kse-rad-5wa.example");
  CHECK(converted.value("IDN", 1) == "käse-rad.example");
}

TEST_CASE("gateway: no password and no session id is in the book or in the log") {
  ServedBook world;
  world.open_account("bob", 0);
  const std::string session(world.call("command=StartSession", ServedBook::as("bob")).value("SESSION"));
  world.call("command=StatusAccount", "s_session=" + session);
  world.call("command=StatusAccount", "s_login=bob&s_pw=wrong.guess");
  world.call("command=CheckAuthentication&subuser=bob&password=bob.secret", ServedBook::as("bob"));
  std::string everything;
  for (const std::string& line : world.log) everything += line + "\n";
  CHECK(everything.find("StatusAccount") != std::string::npos);
  for (const auto& file : std::filesystem::directory_iterator(world.directory.path())) {
    std::ifstream stream(file.path(), std::ios::binary);
    everything.append(std::istreambuf_iterator<char>(stream), {});
  }
  for (const std::string& secret : {std::string("test.passw0rd"), std::string("wrong.guess"), session}) {
    CAPTURE(secret);
    CHECK(everything.find(secret) == std::string::npos);
  }
}
