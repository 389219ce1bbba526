// dropledger-audit BOOK: proves a finished season from its tables alone. Its own SQL and arithmetic over SQLite;
// nothing of the engine or the storage is linked, so a rule that both got wrong is not proved by itself. What the
// tables mean is taken from storage/schema.md. Prints for each check how much it proved and every defect; exit 1 where
// there is one.
#include <sodium.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace {

using Number = std::int64_t;

class Query {
 public:
  Query(sqlite3* db, const std::string& sql) : db_(db) {
    if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement_, nullptr) != SQLITE_OK)
      throw std::runtime_error(std::string(sqlite3_errmsg(db)) + ": " + sql);
  }
  ~Query() { sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  bool next() {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(db_));
    return code == SQLITE_ROW;
  }
  bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  Number number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::optional<Number> maybe(int column) const { return null(column) ? std::nullopt : std::optional(number(column)); }
  std::string text(int column) const {  // of a blob too
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return bytes == nullptr ? ""
                            : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_ = nullptr;
};

class Audit {
 public:
  explicit Audit(sqlite3* db) : db_(db) {}

  int run() {
    using Check = void (Audit::*)();
    const std::pair<const char*, Check> checks[] = {
        {"balances", &Audit::balances},   {"deposits", &Audit::deposits}, {"funding", &Audit::funding},
        {"windows", &Audit::windows},     {"set-offs", &Audit::set_offs}, {"tax", &Audit::tax},
        {"reversals", &Audit::reversals}, {"invoices", &Audit::invoices}, {"seals", &Audit::seals}};
    for (const auto& [name, check] : checks) {
      proved_ = 0;
      name_ = name;
      (this->*check)();
      std::cout << name << ": " << proved_ << " proved\n";
    }
    std::cout << (defects_ == 0 ? "nothing is off" : std::to_string(defects_) + " defects") << "\n";
    return defects_ == 0 ? 0 : 1;
  }

 private:
  void must(bool holds, const std::string& what) {
    ++proved_;
    if (holds) return;
    ++defects_;
    std::cout << "DEFECT " << name_ << ": " << what << "\n";
  }
  static std::string id(Number value) { return std::to_string(value); }

  // Kept balances are what the transfers give, and within their floors; debits equal credits in every currency.
  void balances() {
    std::map<Number, Number> sums;
    Query transfer(db_, "SELECT debit_id, credit_id, amount_minor FROM transfer");
    while (transfer.next()) {
      sums[transfer.number(0)] -= transfer.number(2);
      sums[transfer.number(1)] += transfer.number(2);
    }
    std::map<std::string, Number> of_currency;
    Query account(db_, "SELECT id, kind, balance_minor, floor_minor, currency FROM ledger_account");
    while (account.next()) {
      const Number sum = sums[account.number(0)];
      of_currency[account.text(4)] += sum;
      if (account.null(2)) continue;
      must(account.number(2) == sum,
           "account " + id(account.number(0)) + " keeps " + id(account.number(2)) + ", its transfers give " + id(sum));
      must(account.null(3) ? sum <= 0 : sum >= account.number(3),
           "account " + id(account.number(0)) + " stands at " + id(sum) + ", beyond its floor");
    }
    for (const auto& [currency, sum] : of_currency) must(sum == 0, currency + " sums up to " + id(sum));
  }

  // Every reservation has exactly one end: refunded whole, or captured with its tax; or is held by an open backorder.
  void deposits() {
    struct Deposit {
      Number reserved = 0, refunded = 0, captured = 0;
      int reserves = 0, refunds = 0, captures = 0;
    };
    std::map<std::pair<Number, Number>, Deposit> all;  // backorder, attempt
    Query row(db_,
              "SELECT backorder_id, attempt, kind, amount_minor FROM transfer WHERE kind IN ('reserve', 'refund', "
              "'capture', 'capture-tax')");
    while (row.next()) {
      Deposit& one = all[{row.number(0), row.number(1)}];
      const std::string kind = row.text(2);
      const Number minor = row.number(3);
      if (kind == "reserve") ++one.reserves, one.reserved += minor;
      if (kind == "refund") ++one.refunds, one.refunded += minor;
      if (kind == "capture") ++one.captures, one.captured += minor;
      if (kind == "capture-tax") one.captured += minor;
    }
    std::map<Number, Number> held;  // by customer
    Query backorder(db_, "SELECT id, customer_id, state, deposit_minor, attempt FROM backorder");
    while (backorder.next()) {
      const std::string state = backorder.text(2), title = "backorder " + id(backorder.number(0)) + " (" + state + ")";
      const bool holds = state == "ACTIVE" || state == "PROCESSING" || state == "AUCTION-PENDING";
      const bool won = state == "SUCCESSFUL" || state == "AUCTION-WON";
      for (Number attempt = 1; attempt <= backorder.number(4); ++attempt) {
        const Deposit one = all[{backorder.number(0), attempt}];
        const bool last = attempt == backorder.number(4);
        const std::string which = title + ", attempt " + id(attempt);
        must(one.reserves == 1, which + ": reserved " + id(one.reserves) + " times");
        if (last && holds) {
          must(one.refunds == 0 && one.captured == 0, which + ": its deposit has ended while it is held");
          must(one.reserved == backorder.number(3),
               which + ": holds " + id(backorder.number(3)) + ", reserved " + id(one.reserved));
          held[backorder.number(1)] += one.reserved;
        } else if (last && won) {
          must(one.refunds == 0 && one.captured == one.reserved,
               which + ": reserved " + id(one.reserved) + ", captured " + id(one.captured));
        } else {
          must(one.refunds == 1 && one.captured == 0 && one.refunded == one.reserved,
               which + ": reserved " + id(one.reserved) + ", refunded " + id(one.refunded) + ", captured " +
                   id(one.captured));
        }
      }
      must(!won || backorder.number(4) > 0, title + ": registered without a deposit");
    }
    Query reserved(db_, "SELECT customer_id, balance_minor FROM ledger_account WHERE kind = 2010");
    while (reserved.next()) {
      must(reserved.number(1) == held[reserved.number(0)], "customer " + id(reserved.number(0)) + " has reserved " +
                                                               id(reserved.number(1)) + ", open deposits are " +
                                                               id(held[reserved.number(0)]));
    }
  }

  // Deposits of one account and instant follow the funding order (due, drop, priority, placed, id), no account is spent
  // under its floor on the way, and what was voided for want of money did not fit what was left.
  void funding() {
    struct Row {
      std::tuple<Number, Number, Number, Number, Number> order;
      bool moved;
    };
    std::map<Number, Row> backorders;
    std::set<Number> moved;
    Query changed(db_,
                  "SELECT DISTINCT backorder_id FROM event WHERE kind IN ('moved', 'missing', 'marked') AND "
                  "backorder_id IS NOT NULL");
    while (changed.next()) moved.insert(changed.number(0));
    Query row(db_, "SELECT id, ifnull(deposit_due_at, 0), ifnull(drop_at, 0), priority, placed_at FROM backorder");
    while (row.next()) {
      backorders[row.number(0)] = {{row.number(1), row.number(2), row.number(3), row.number(4), row.number(0)},
                                   moved.contains(row.number(0))};
    }
    std::map<Number, Number> floor_of, available;  // by customer
    std::map<Number, Number> owner;                // of available accounts
    Query account(db_, "SELECT id, customer_id, floor_minor FROM ledger_account WHERE kind = 2000");
    while (account.next()) {
      owner[account.number(0)] = account.number(1);
      floor_of[account.number(1)] = account.number(2);
    }
    std::set<Number> limits_changed;  // then the floor of today is not that of before
    Query limits(
        db_, "SELECT DISTINCT customer_id FROM event WHERE kind = 'account-changed' AND detail LIKE '%credit limit%'");
    while (limits.next()) limits_changed.insert(limits.number(0));
    using At = std::pair<Number, Number>;  // customer, recorded instant
    std::map<At, Number> before;           // the last reservation of an account and instant
    Query transfer(
        db_, "SELECT id, kind, debit_id, credit_id, amount_minor, recorded_at, backorder_id FROM transfer ORDER BY id");
    while (transfer.next()) {
      const auto from = owner.find(transfer.number(2)), to = owner.find(transfer.number(3));
      if (from != owner.end()) available[from->second] -= transfer.number(4);
      if (to != owner.end()) available[to->second] += transfer.number(4);
      if (to != owner.end()) before.erase({to->second, transfer.number(5)});  // money came: a new plan begins
      if (transfer.text(1) != "reserve") continue;
      const Number customer = from->second;
      const Number left = available[customer] - floor_of[customer];
      if (!limits_changed.contains(customer))
        must(left >= 0, "transfer " + id(transfer.number(0)) + " reserves what is not there: " + id(left));
      const At at{customer, transfer.number(5)};
      const Row& now = backorders.at(transfer.number(6));
      if (const auto last = before.find(at); last != before.end()) {
        const Row& one = backorders.at(last->second);
        // What is placed inside the window is a plan of its own, by its own request.
        const bool placed_now = std::get<3>(now.order) == transfer.number(5);
        if (!one.moved && !now.moved && !placed_now) {
          must(one.order < now.order, "backorder " + id(transfer.number(6)) + " was funded after backorder " +
                                          id(last->second) + ", before which it is in order");
        }
      }
      before[at] = transfer.number(6);
    }
    voids(floor_of, limits_changed);
  }

  // Voided as insufficient_available under the policy `each`: the price then in force was above what was left when that
  // instant was over (later ones may have taken a part of what was left before them, never more than it). After the
  // deadline nothing can be reserved any more, whatever is there then.
  void voids(const std::map<Number, Number>& floor_of, const std::set<Number>& limits_changed) {
    Query row(
        db_,
        "SELECT e.backorder_id, e.customer_id, e.recorded_at,"
        " (SELECT amount_minor FROM price AS p WHERE p.zone = b.zone AND p.tier = c.tier AND p.currency = b.currency"
        "   AND p.valid_from <= e.recorded_at AND (p.valid_to IS NULL OR p.valid_to > e.recorded_at) ORDER BY "
        "p.valid_from DESC LIMIT 1),"
        " (SELECT ifnull(sum(CASE WHEN t.credit_id = a.id THEN t.amount_minor ELSE -t.amount_minor END), 0) FROM "
        "transfer AS t WHERE t.customer_id = e.customer_id AND (t.credit_id = a.id OR t.debit_id = a.id) AND "
        "t.recorded_at <= e.recorded_at)"
        " FROM event AS e JOIN customer AS c ON c.id = e.customer_id"
        " JOIN backorder AS b ON b.by_customer = e.customer_id * 4294967296 + e.backorder_id"
        " JOIN ledger_account AS a ON a.customer_id = e.customer_id AND a.kind = 2000"
        " WHERE e.kind = 'stepped' AND e.to_state = 'VOID' AND e.reason = 'insufficient_available' AND e.recorded_at "
        "<= b.deadline_at"
        " AND ifnull(c.policy, ifnull((SELECT value FROM setting WHERE name = 'funding.policy'), 'each')) = 'each'");
    while (row.next()) {
      if (row.null(3) || limits_changed.contains(row.number(1))) continue;
      const Number left = row.number(4) - floor_of.at(row.number(1));
      must(row.number(3) > left, "backorder " + id(row.number(0)) + " was voided for want of money: it costs " +
                                     id(row.number(3)) + ", left were " + id(left));
    }
  }

  // Nothing is reserved before it is due or after the deadline, nothing is ordered after the deadline, and nothing is
  // voided as missed before it. Backorders whose date moved are left out: their rows say the last date only.
  void windows() {
    Query reserve(
        db_,
        "SELECT t.id, t.recorded_at, b.deposit_due_at, b.deadline_at, b.id FROM transfer AS t JOIN backorder AS b "
        "ON b.by_customer = t.customer_id * 4294967296 + t.backorder_id WHERE t.kind = 'reserve' AND "
        "b.drop_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM event AS e WHERE e.customer_id = t.customer_id AND "
        "e.backorder_id = b.id AND e.kind IN ('moved', 'date-conflict', 'missing'))");
    while (reserve.next()) {
      must(reserve.number(1) >= reserve.number(2) && reserve.number(1) <= reserve.number(3),
           "transfer " + id(reserve.number(0)) + " reserves for backorder " + id(reserve.number(4)) +
               " outside its window");
    }
    Query call(
        db_,
        "SELECT c.id, c.intent_at, b.deadline_at, b.id FROM provider_call AS c JOIN backorder AS b ON b.id = "
        "c.backorder_id WHERE c.command = 'AddDomainApplication' AND b.drop_at IS NOT NULL AND NOT EXISTS (SELECT 1 "
        "FROM event AS e WHERE e.customer_id = b.customer_id AND e.backorder_id = b.id AND e.kind IN ('moved', "
        "'date-conflict', 'missing'))");
    while (call.next()) {
      must(call.number(1) <= call.number(2),
           "call " + id(call.number(0)) + " orders backorder " + id(call.number(3)) + " after its deadline");
    }
    Query missed(
        db_,
        "SELECT e.id, e.recorded_at, b.deadline_at, b.id FROM event AS e JOIN backorder AS b ON b.by_customer = "
        "e.customer_id * 4294967296 + e.backorder_id WHERE e.kind = 'stepped' AND e.reason = 'deadline_missed' AND "
        "b.deadline_at IS NOT NULL");
    while (missed.next()) {
      must(missed.number(1) > missed.number(2), "backorder " + id(missed.number(3)) + " is missed before its deadline");
    }
  }

  // At the end of no commit does a customer owe while something is available. Commits end where seals do.
  void set_offs() {
    std::map<Number, std::pair<int, Number>> accounts;  // id → kind, customer
    Query account(db_, "SELECT id, kind, customer_id FROM ledger_account WHERE kind IN (1100, 2000)");
    while (account.next()) accounts[account.number(0)] = {static_cast<int>(account.number(1)), account.number(2)};
    std::map<Number, Number> available, owed;  // by customer
    std::set<Number> touched;
    Query seal(db_, "SELECT last_transfer_id FROM seal ORDER BY id");
    Query transfer(db_, "SELECT id, debit_id, credit_id, amount_minor FROM transfer ORDER BY id");
    bool more = transfer.next();
    while (seal.next()) {
      touched.clear();
      for (; more && transfer.number(0) <= seal.number(0); more = transfer.next()) {
        for (const int side : {1, 2}) {
          const auto found = accounts.find(transfer.number(side));
          if (found == accounts.end()) continue;
          const auto [kind, customer] = found->second;
          const Number credit = side == 2 ? transfer.number(3) : -transfer.number(3);
          (kind == 2000 ? available : owed)[customer] += kind == 2000 ? credit : -credit;
          touched.insert(customer);
        }
      }
      for (const Number customer : touched) {
        must(available[customer] <= 0 || owed[customer] <= 0,
             "customer " + id(customer) + " owes " + id(owed[customer]) + " while " + id(available[customer]) +
                 " are available, after transfer " + id(seal.number(0)));
      }
    }
  }

  // Every supply has its tax point, whose parts are what was posted and what its rate gives, half-even per supply.
  void tax() {
    Query supply(db_,
                 "SELECT t.id, t.kind, t.amount_minor, p.net_minor, p.tax_minor, p.rate_bp, p.treatment, p.transfer_id,"
                 " (SELECT amount_minor FROM transfer AS x WHERE x.customer_id = t.customer_id AND x.backorder_id = "
                 "t.backorder_id AND x.attempt IS t.attempt AND x.kind = t.kind || '-tax')"
                 " FROM transfer AS t LEFT JOIN tax_point AS p ON p.transfer_id = t.id WHERE t.kind IN ('capture', "
                 "'late-charge')");
    while (supply.next()) {
      const std::string title = "transfer " + id(supply.number(0));
      must(!supply.null(7), title + " has no tax point");
      if (supply.null(7)) continue;
      const Number posted_tax = supply.maybe(8).value_or(0), gross = supply.number(2) + posted_tax;
      must(supply.number(3) == supply.number(2) && supply.number(4) == posted_tax,
           title + ": posted " + id(supply.number(2)) + " + " + id(posted_tax) + ", its tax point says " +
               id(supply.number(3)) + " + " + id(supply.number(4)));
      must(contained(gross, supply.number(5)) == posted_tax,
           title + ": the tax in " + id(gross) + " at " + id(supply.number(5)) + " is " +
               id(contained(gross, supply.number(5))) + ", posted " + id(posted_tax));
      const std::string treatment = supply.text(6);
      must(treatment == "standard" || treatment == "one-stop-shop" || posted_tax == 0,
           title + " is " + treatment + ", and taxed");
      if (treatment == "untaxed") {
        Query asked(db_,
                    "SELECT 1 FROM case_file AS c JOIN transfer AS t ON t.backorder_id = c.backorder_id WHERE t.id = " +
                        id(supply.number(0)) + " AND c.kind = 'untaxed'");
        must(asked.next(), title + " is untaxed, and no case asked for it");
      }
    }
    Query split(db_,
                "SELECT t.id, t.amount_minor, p.net_minor, p.tax_minor FROM transfer AS t LEFT JOIN tax_point AS p ON "
                "p.transfer_id = t.id WHERE t.kind = 'tax-split'");
    while (split.next()) {
      must(split.number(2) == -split.number(1) && split.number(3) == split.number(1),
           "transfer " + id(split.number(0)) + " splits " + id(split.number(1)) + ", its tax point says " +
               id(split.number(3)));
    }
  }
  // The tax contained in a gross amount, rounded half-even to the minor unit.
  static Number contained(Number gross, Number rate_bp) {
    __extension__ using Wide = __int128;
    const Wide above = static_cast<Wide>(gross) * rate_bp, below = 10'000 + rate_bp;
    Wide whole = above / below;
    const Wide twice_rest = above % below * 2;
    if (twice_rest > below || (twice_rest == below && whole % 2 == 1)) ++whole;
    return static_cast<Number>(whole);
  }

  // Nothing is undone twice: of what names a transfer, at most one stands; a payment is charged back once, whole or in
  // parts.
  void reversals() {
    struct Row {
      std::string kind;
      Number amount;
      std::vector<Number> named_by{};
    };
    std::map<Number, Row> rows;
    Query transfer(db_, "SELECT id, kind, amount_minor, reverses_id FROM transfer ORDER BY id");
    std::vector<std::pair<Number, Number>> names;
    while (transfer.next()) {
      if (transfer.null(3)) continue;
      rows[transfer.number(0)].kind = transfer.text(1);
      rows[transfer.number(0)].amount = transfer.number(2);
      names.emplace_back(transfer.number(3), transfer.number(0));
    }
    for (const auto& [named, by] : names) rows[named].named_by.push_back(by);
    std::map<Number, bool> stands;  // from the last to the first: what names a transfer comes after it
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
      int undone = 0;
      Number charged = 0;
      for (const Number by : row->second.named_by) {
        const std::string& kind = rows[by].kind;
        if (!stands[by]) continue;
        if (kind == "reversal" || kind == "moved-out") ++undone;
        if (kind == "chargeback" || kind == "chargeback-receivable") charged += rows[by].amount;
      }
      stands[row->first] = undone == 0;
      must(undone <= 1, "transfer " + id(row->first) + " is undone " + id(undone) + " times");
      if (charged == 0) continue;
      Query paid(db_,
                 "SELECT ifnull(sum(p.amount_minor), 0) FROM transfer AS n JOIN transfer AS p ON p.request_id = "
                 "n.request_id WHERE p.kind IN ('pay-in', 'pay-in-receivable', 'moved-in') AND n.id = " +
                     id(row->first));
      paid.next();
      must(charged <= paid.number(0),
           "transfer " + id(row->first) + " brought " + id(paid.number(0)) + ", " + id(charged) + " were charged back");
    }
  }

  // Documents are numbered without gaps; their lines are what was posted.
  void invoices() {
    std::map<std::string, Number> last;
    Query document(db_, "SELECT series, number FROM invoice ORDER BY id");
    while (document.next()) {
      must(document.number(1) == ++last[document.text(0)],
           "document " + document.text(0) + "-" + id(document.number(1)) + " does not follow the one before");
    }
    Query line(db_,
               "SELECT i.series, i.number, l.transfer_id, l.net_minor + l.tax_minor, p.net_minor + p.tax_minor FROM "
               "invoice_line AS l JOIN invoice AS i ON i.id = l.invoice_id LEFT JOIN tax_point AS p ON p.transfer_id = "
               "l.transfer_id WHERE i.kind = 'invoice'");
    while (line.next()) {
      must(!line.null(4) && line.number(3) == line.number(4), "document " + line.text(0) + "-" + id(line.number(1)) +
                                                                  ": transfer " + id(line.number(2)) + " is " +
                                                                  id(line.number(3)) + " there");
    }
  }

  // ---- seals: the canonical bytes of schema.md, written anew

  static void put(std::string& out, Number value) {
    out += '\x01';
    for (int i = 0; i < 8; ++i) out += static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xff);
  }
  static void put(std::string& out, const std::string& text) {
    out += '\x02';
    for (int i = 0; i < 4; ++i) out += static_cast<char>((text.size() >> (8 * i)) & 0xff);
    out += text;
  }
  static void put(std::string& out, const std::optional<Number>& value) {
    if (value)
      put(out, *value);
    else
      out += '\0';
  }
  static std::string hash(const std::string& bytes) {
    std::string out(32, '\0');
    crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), out.size(),
                       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr, 0);
    return out;
  }
  void put_account(std::string& out, const Query& row, int first) const {
    put(out, row.number(first));
    put(out, row.text(first + 1));
    put(out, row.maybe(first + 2));
    put(out, row.text(first + 3));
  }

  void seals() {
    std::string previous;
    {
      Query book(db_, "SELECT made_at, rehearsal FROM book");
      book.next();
      put(previous, std::string("dropledger book 1"));
      put(previous, book.number(0));
      put(previous, book.number(1));
      previous = hash(previous);
    }
    Query request(db_, "SELECT id, sender, key, content, answer, actor, recorded_at FROM request ORDER BY id");
    Query transfer(
        db_,
        "SELECT t.id, t.kind, d.kind, d.currency, d.customer_id, d.source, c.kind, c.currency, c.customer_id, "
        "c.source, t.amount_minor, t.recorded_at, t.effective_at, t.backorder_id, t.attempt, t.reverses_id, "
        "t.request_id, r.sender, r.key, t.actor, t.memo FROM transfer AS t JOIN ledger_account AS d ON d.id = "
        "t.debit_id JOIN ledger_account AS c ON c.id = t.credit_id LEFT JOIN request AS r ON r.id = "
        "t.request_id ORDER BY t.id");
    bool has_request = request.next(), has_transfer = transfer.next();
    Number next = 1;
    Query seal(db_,
               "SELECT id, sealed_at, first_request_id, last_request_id, first_transfer_id, last_transfer_id, "
               "previous_hash, hash FROM seal ORDER BY id");
    while (seal.next()) {
      const std::string title = "seal " + id(seal.number(0));
      must(seal.number(0) == next++, title + " does not follow the one before");
      must(seal.text(6) == previous, title + " names another as the one before");
      std::string bytes;
      put(bytes, std::string("dropledger seal 1"));
      put(bytes, seal.text(6));
      for (int i = 0; i < 6; ++i) put(bytes, seal.number(i));
      for (; has_request && request.number(0) <= seal.number(3); has_request = request.next()) {
        put(bytes, request.number(0));
        for (int i = 1; i < 6; ++i) put(bytes, request.text(i));
        put(bytes, request.number(6));
      }
      for (; has_transfer && transfer.number(0) <= seal.number(5); has_transfer = transfer.next()) {
        put(bytes, transfer.number(0));
        put(bytes, transfer.text(1));
        put_account(bytes, transfer, 2);
        put_account(bytes, transfer, 6);
        for (int i = 10; i < 13; ++i) put(bytes, transfer.number(i));
        for (int i = 13; i < 17; ++i) put(bytes, transfer.maybe(i));
        if (!transfer.null(16)) {
          put(bytes, transfer.text(17));
          put(bytes, transfer.text(18));
        }
        put(bytes, transfer.text(19));
        put(bytes, transfer.text(20));
      }
      previous = seal.text(7);
      must(hash(bytes) == previous, title + " does not fit its rows");
    }
    must(!has_request && !has_transfer, "rows lie after the last seal");
  }

  sqlite3* db_;
  const char* name_ = "";
  Number proved_ = 0, defects_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 2 || sodium_init() < 0) {
    std::cerr << "usage: dropledger-audit BOOK\n";
    return 2;
  }
  sqlite3* db = nullptr;
  int status = 2;
  try {
    if (sqlite3_open_v2(arguments[1], &db, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(db));
    status = Audit(db).run();
  } catch (const std::exception& error) {
    std::cerr << arguments[1] << ": " << error.what() << "\n";
  }
  sqlite3_close(db);
  return status;
}
