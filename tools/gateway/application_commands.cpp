// Backorders as applications: placing, deleting, looking at one, listing.
#include <sodium.h>

#include <algorithm>
#include <charconv>

#include "tools/gateway/commands.hpp"
#include "tools/operations/backorders.hpp"

namespace gateway {
namespace {

using engine::Backorder;
using engine::BackorderQuery;
using engine::State;
using engine::to_wire_string;

// of one account on one name: a client that repeats NEW=1 without end stops here
constexpr std::int64_t kMostOpenCopies = 100;
constexpr std::size_t kLongestRequestId = 256;
constexpr std::size_t kKeptOfPlacement = 1'024;  // rows and indexes of an order, about
constexpr std::size_t kLongestPattern = 255, kMostPatterns = 100;
constexpr std::size_t kMostRemembered = 10'000;  // further applications whose answer may not have arrived
constexpr auto kCancelledAnswerable = std::chrono::hours(30 * 24);  // after the drop

std::string quoted_domain(std::string_view text) { return "DOMAIN " + std::string(text.substr(0, 100)); }

// When the backorder took its last step.
engine::UtcTime changed_at(const Backorder& backorder) {
  engine::UtcTime last = backorder.placed_at;
  for (const auto& at :
       {backorder.reserved_at, backorder.submitted_at, backorder.ended_at, backorder.provider_status_at})
    last = std::max(last, at.value_or(last));
  return last;
}

// Columns of an application, in the order in which they are answered. The narrow ones come in every list, the wide ones
// with WIDE=1.
struct Column {
  const char* name;
  bool narrow;
  std::string (*value)(const Backorder&, const Caller&);
};
constexpr Column kColumns[] = {
    {"APPLICATION", true, [](const Backorder& row, const Caller&) { return std::to_string(row.id.value()); }},
    {"CLASS", true, [](const Backorder& row, const Caller&) { return class_of_zone(row.zone); }},
    {"CREATEDBY", false, [](const Backorder&, const Caller& caller) { return caller.account; }},
    {"CREATEDDATE", false, [](const Backorder& row, const Caller&) { return to_wire_string(row.placed_at); }},
    {"DOMAIN", true, [](const Backorder& row, const Caller&) { return row.name.ace(); }},
    {"DOMAINUMLAUT", false, [](const Backorder& row, const Caller&) { return row.name.unicode(); }},
    {"FINALIZATIONDATE", false,
     [](const Backorder& row, const Caller&) { return row.drop ? to_wire_string(row.drop->deadline) : ""; }},
    {"PEERUSER", false, [](const Backorder&, const Caller&) { return std::string(); }},
    {"PERIOD", false, [](const Backorder&, const Caller&) { return std::string("1"); }},
    {"STATUS", true, [](const Backorder& row, const Caller&) { return std::string(status_word(row.state)); }},
    {"SUBCLASS", false, [](const Backorder& row, const Caller&) { return class_of_zone(row.zone); }},
    {"UPDATEDBY", false, [](const Backorder&, const Caller&) { return std::string("SYSTEM"); }},
    {"UPDATEDDATE", false, [](const Backorder& row, const Caller&) { return to_wire_string(changed_at(row)); }},
    {"USER", false, [](const Backorder&, const Caller& caller) { return caller.account; }},
    {"X-CURRENCY", false,
     [](const Backorder& row, const Caller&) { return std::string(row.quoted.currency().code()); }},
    {"X-DEPOSIT", false,
     [](const Backorder& row, const Caller&) {
       return holds_deposit(row.state) ? to_string(*row.deposit)
                                       : to_string(engine::Money::zero(row.quoted.currency()));
     }},
    {"X-DROPDATE", false,
     [](const Backorder& row, const Caller&) { return row.drop ? to_wire_string(row.drop->drop_at) : ""; }},
    {"X-PRICE", false, [](const Backorder& row, const Caller&) { return to_string(row.quoted); }},
    {"X-REASON", false,
     [](const Backorder& row, const Caller&) { return row.reason ? std::string(to_word(*row.reason)) : ""; }},
};

Answer answer_of(const Backorder& backorder, const Caller& caller) {
  Answer answer;
  for (const Column& column : kColumns) answer.add(column.name, column.value(backorder, caller));
  if (backorder.auction_ends_at) answer.add("AUCTION-ENDDATE", to_wire_string(*backorder.auction_ends_at));
  if (const std::size_t blank = backorder.auction_price.find(' '); blank != std::string::npos) {
    answer.add("AUCTION-PRICE", backorder.auction_price.substr(0, blank));
    answer.add("AUCTION-CURRENCY", backorder.auction_price.substr(blank + 1));
  }
  return answer;
}

// Whether customers may still ask for it.
bool is_answerable(const Backorder& backorder, engine::UtcTime now) {
  if (backorder.state != State::cancelled) return true;
  const engine::UtcTime last =
      backorder.drop ? backorder.drop->drop_at : backorder.ended_at.value_or(backorder.placed_at);
  return now < last + kCancelledAnswerable;
}

// The backorder that APPLICATION names, if it is the caller's; else the refusal: 504, 505, or 545 for what is another's
// as for what is nobody's.
std::variant<Backorder, Answer> application_of(const Call& call) {
  const auto text = call.command.find("APPLICATION");
  if (!text || text->empty()) return refuse(504, "APPLICATION");
  std::int64_t id = 0;
  const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error != std::errc{} || stop != text->data() + text->size() || id <= 0) return refuse(505, "APPLICATION");
  std::optional<Backorder> found = call.store.backorder(engine::BackorderId(id));
  if (!found || found->customer != call.caller.user.customer || !is_answerable(*found, call.now))
    return refuse(545, "APPLICATION");
  return *std::move(found);
}

bool is_backorder_class(std::string_view text) { return matches("BACKORDER", text); }

std::variant<engine::PlaceOrder, Answer> order_of(const Call& call, engine::Currency currency) {
  const Command& command = call.command;
  const auto wanted = command.find("CLASS");
  if (!wanted || wanted->empty()) return refuse(504, "CLASS");
  if (!matches("*BACKORDER", *wanted) || matches("*LITEBACKORDER", *wanted))
    return refuse(541, "CLASS: this gateway takes backorders, class BACKORDER");
  if (is_set(command, "X-BACKORDER-LITE")) return refuse(510, "X-BACKORDER-LITE: there are no lite backorders here");
  const std::vector<std::string_view> domains = command.indexed("DOMAIN");
  if (domains.empty() || domains.front().empty()) return refuse(504, "DOMAIN");
  if (domains.size() > 1) return refuse(541, "DOMAIN: one application is for one domain");
  const engine::Result<engine::DomainName> name = engine::DomainName::parse(domains.front());
  if (!name) return refuse(505, quoted_domain(domains.front()));
  engine::PlaceOrder order{.name = name.value(), .another = is_set(command, "NEW")};
  if (const auto cap = command.find("X-MAX-PRICE"); cap && !cap->empty()) {
    const engine::Result<engine::Money> money = engine::parse_positive_money(*cap, currency);
    if (!money) return refuse(505, "X-MAX-PRICE: " + money.error().detail);
    order.max_price = money.value();
  }
  if (const auto priority = command.find("X-PRIORITY"); priority && !priority->empty()) {
    const auto [stop, error] = std::from_chars(priority->data(), priority->data() + priority->size(), order.priority);
    if (error != std::errc{} || stop != priority->data() + priority->size() || order.priority < 1 ||
        order.priority > 999) {
      return refuse(505, "X-PRIORITY: 1 (funded first) to 999");
    }
  }
  return order;
}

// The states whose words on the wire match one of the patterns; every state where there is none.
std::vector<State> states_of(const std::vector<std::string_view>& patterns) {
  std::vector<State> states;
  for (const State state : engine::kStates) {
    if (std::ranges::any_of(patterns, [&](std::string_view pattern) { return matches(pattern, status_word(state)); }))
      states.push_back(state);
  }
  return states;
}

std::optional<BackorderQuery::Order> list_order(std::string_view word) {
  // numbers ascend with time
  if (word.empty() || word == "APPLICATION" || word == "CREATEDDATE" || word == "USER" || word == "REGISTRAR")
    return BackorderQuery::Order::id;
  if (word == "DOMAIN") return BackorderQuery::Order::name;
  if (word == "CLASS") return BackorderQuery::Order::zone;
  if (word == "UPDATEDDATE" || word == "STATUS") return BackorderQuery::Order::changed;
  return std::nullopt;
}

}  // namespace

std::string FurtherApplications::key_of(const Call& call) {
  crypto_generichash_state state;
  std::string key(crypto_generichash_BYTES, '\0');
  crypto_generichash_init(&state, nullptr, 0, key.size());
  const auto add = [&state](std::string_view text, std::string_view end) {
    for (const std::string_view part : {text, end})
      crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()), part.size());
  };
  add(call.caller.account, "\n");
  for (const api_client::Parameter& parameter : call.command.parameters) {
    add(parameter.name, "=");
    add(parameter.value, "\n");
  }
  crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(key.data()), key.size());
  return key;
}

std::optional<FurtherApplications::Placed> FurtherApplications::unheard(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = last_.find(key);
  if (found == last_.end() || !found->second.delivery->failed()) return std::nullopt;
  return found->second;
}

void FurtherApplications::note(const std::string& key, Placed placed) {
  const std::lock_guard lock(mutex_);
  if (last_.size() >= kMostRemembered) make_room();
  if (const auto before = last_.find(key); before != last_.end()) keys_.erase(before->second.application);
  keys_.insert_or_assign(placed.application, key);
  last_.insert_or_assign(key, std::move(placed));
}

void FurtherApplications::shown(engine::BackorderId application) {
  const std::lock_guard lock(mutex_);
  const auto found = keys_.find(application);
  if (found == keys_.end()) return;
  last_.erase(found->second);
  keys_.erase(found);
}

void FurtherApplications::make_room() {
  std::erase_if(last_, [](const auto& entry) { return !entry.second.delivery->failed(); });
  if (last_.size() >= kMostRemembered) last_.clear();
  std::erase_if(keys_, [this](const auto& entry) { return !last_.contains(entry.second); });
}

Answer add_application(Services& desk, const Call& call) {
  const engine::Customer customer = call.store.customer(call.caller.user.customer).value();
  const auto parsed = order_of(call, customer.currency);
  if (const Answer* refused = std::get_if<Answer>(&parsed)) return *refused;
  const engine::PlaceOrder& order = std::get<engine::PlaceOrder>(parsed);
  const std::string wanted(call.command.find("CLASS").value_or(""));
  const std::string id(call.command.find("X-REQUEST-ID").value_or(""));
  // it stays in the book for ever
  if (id.size() > kLongestRequestId)
    return refuse(505, "X-REQUEST-ID is longer than " + std::to_string(kLongestRequestId) + " bytes");
  const auto count_open = [&] {
    BackorderQuery open;
    open.customer = customer.id;
    open.open = true;
    return call.store.count_backorders(open);
  };
  if (const auto exceeded = desk.quotas.place(customer.id, kKeptOfPlacement + id.size(), desk.monotonic(), count_open))
    return refuse(549, *exceeded);
  const bool further = order.another && id.empty();
  const std::string key = further ? FurtherApplications::key_of(call) : "";
  Answer answer;
  call.reading.end();
  desk.writer.together([&](engine::LedgerStore& store) {
    const std::optional<std::string> zone = store.price_list().zone_of(order.name);
    if (!is_backorder_class(wanted) && zone && !matches(wanted, class_of_zone(*zone))) {
      answer = refuse(541, "CLASS: " + order.name.ace() + " is of class " + class_of_zone(*zone));
      return;
    }
    if (further) {
      if (call.delivery && call.delivery->caller_has_gone()) {  // who repeats it shall place one, not two
        answer = refuse(421, "the connection was closed before the application was placed");
        return;
      }
      if (const auto unheard = desk.further.unheard(key)) {
        const std::optional<Backorder> placed = store.backorder(unheard->application);
        if (placed && placed->customer == customer.id && placed->placed_at == unheard->at && !is_final(placed->state)) {
          answer = answer_of(*placed, call.caller);
          desk.further.note(key, {placed->id, placed->placed_at, call.delivery});
          return;
        }
      }
      BackorderQuery open;
      open.customer = customer.id;
      open.name = order.name.ace();
      open.open = true;
      if (store.count_backorders(open) >= kMostOpenCopies) {
        answer = refuse(549, "NEW: there are " + std::to_string(kMostOpenCopies) + " open applications for " +
                                 order.name.ace() + " already");
        return;
      }
    }
    const engine::Result<operations::Reply> reply =
        operations::place_once({store, call.now, call.caller.user.login}, customer, order, id);
    if (!reply) {
      answer = refuse(reply.error());
      return;
    }
    const std::int64_t number = std::stoll(std::string(reply.value().fact("backorder")));
    const Backorder placed = store.backorder(engine::BackorderId(number)).value();
    answer = answer_of(placed, call.caller);
    if (further && call.delivery) desk.further.note(key, {placed.id, placed.placed_at, call.delivery});
  });
  return answer;
}

Answer delete_application(Services& desk, const Call& call) {
  const auto found = application_of(call);
  if (const Answer* refused = std::get_if<Answer>(&found)) return *refused;
  const Backorder& backorder = std::get<Backorder>(found);
  Answer done;
  done.add("DOMAIN", backorder.name.ace());
  if (backorder.state == State::cancelled) return done;  // once more, after a lost answer
  engine::Result<operations::Reply> reply(engine::Error{engine::ErrorCode::database_busy, ""});
  call.reading.end();
  desk.writer.alone([&](engine::LedgerStore& store) {
    reply = operations::cancel({store, call.now, call.caller.user.login}, {"customer " + call.caller.account, ""},
                               backorder.id.value(), engine::By::customer, "DeleteDomainApplication", nullptr);
  });
  if (!reply) return refuse(reply.error());
  if (reply.value().fact("deletion") == "not_needed") return done;
  const std::optional<engine::Deletion> deletion =
      desk.back_office.delete_job(backorder.id, call.now, call.caller.user.login);
  if (!deletion) return refuse(421, "the deletion is under way: ask again");
  if (*deletion == engine::Deletion::refused) return refuse(552, "the job runs on");
  return done;
}

Answer status_application(Services& desk, const Call& call) {
  const auto found = application_of(call);
  if (const Answer* refused = std::get_if<Answer>(&found)) return *refused;
  desk.further.shown(std::get<Backorder>(found).id);
  return answer_of(std::get<Backorder>(found), call.caller);
}

Answer query_applications(Services& desk, const Call& call) {
  const Command& command = call.command;
  const std::optional<Window> window = window_of(command, 1'000);
  if (!window) return refuse(505, "FIRST, LIMIT");
  for (const char* const parameter : {"STATUS", "CLASS", "DOMAIN"}) {
    const std::vector<std::string_view> patterns = command.indexed(parameter);
    const bool names = std::string_view(parameter) == "DOMAIN";  // which are bound, and found by their index
    if ((!names && patterns.size() > kMostPatterns) ||
        std::ranges::any_of(patterns, [](std::string_view text) { return text.size() > kLongestPattern; }))
      return refuse(505, std::string(parameter) + ": at most " + std::to_string(kMostPatterns) + " patterns of " +
                             std::to_string(kLongestPattern) + " bytes");
  }
  if (command.find("DOMAINREGEX")) return refuse(541, "DOMAINREGEX is not offered: use DOMAIN with *");
  const auto [word, descending] = order_of(command);
  const auto order = list_order(word);
  if (!order) return refuse(541, "ORDERBY");

  BackorderQuery query;
  query.customer = call.caller.user.customer;
  query.order = *order;
  query.descending = descending;
  query.limit = window->limit;
  query.offset = window->first;
  bool nothing = false;
  if (const std::vector<std::string_view> patterns = command.indexed("STATUS");
      !patterns.empty() && !patterns.front().empty()) {
    query.states = states_of(patterns);
    nothing = query.states.empty();
    if (query.states.size() == std::size(engine::kStates)) query.states.clear();
  } else {
    query.without_cancelled = true;  // a deleted application is not listed, unless its status is asked for
  }
  if (const std::vector<std::string_view> patterns = command.indexed("CLASS"); !patterns.empty()) {
    const auto fits = [&](const std::string& zone) {
      return std::ranges::any_of(patterns, [&](std::string_view pattern) {
        return pattern.empty() || is_backorder_class(pattern) || matches(pattern, class_of_zone(zone));
      });
    };
    bool all = true;
    std::string last;
    for (const engine::Price& price : call.store.price_list().rows()) {
      if (price.zone == last) continue;
      last = price.zone;
      if (fits(last))
        query.zones.push_back(last);
      else
        all = false;
    }
    nothing = nothing || query.zones.empty();
    if (all) query.zones.clear();
  }
  const std::vector<std::string_view> domains = command.indexed("DOMAIN");
  if (domains.size() == 1 && domains.front().find('*') != std::string_view::npos) {
    query.name_pattern = glob_of(domains.front());
  } else {
    for (const std::string_view domain : domains) {
      if (domain.empty()) continue;
      const engine::Result<engine::DomainName> name = engine::DomainName::parse(domain);
      if (!name) return refuse(505, quoted_domain(domain));
      query.names.push_back(name.value().ace());
    }
  }
  const std::int64_t total = nothing ? 0 : call.store.count_backorders(query);
  std::vector<Backorder> rows;
  if (!nothing && window->limit > 0 && window->first < total) rows = call.store.backorders(query);
  // who asks for a name looks for what became of it; a list of everything is read for other reasons
  if (!query.names.empty()) {
    for (const Backorder& row : rows) desk.further.shown(row.id);
  }
  Answer answer;
  add_window(answer, *window, static_cast<std::int64_t>(rows.size()),
             is_set(command, "NOTOTAL") ? std::nullopt : std::optional(total));
  const bool wide = is_set(command, "WIDE");
  for (const Column& column : kColumns) {
    if (!wide && !column.narrow) continue;
    for (const Backorder& row : rows) answer.add(column.name, column.value(row, call.caller));
  }
  return answer;
}

}  // namespace gateway
