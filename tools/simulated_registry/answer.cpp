#include "tools/simulated_registry/answer.hpp"

#include <fmt/format.h>

#include <iterator>

#include "engine/lifecycle.hpp"

namespace simulated_registry {

using engine::Delivery;
using engine::ProviderAnswer;
using engine::ProviderJob;
using engine::State;

namespace {

// HEXONET/1API API documentation, "response codes".
std::string_view text_of(int code) {
  switch (code) {
    case 200:
      return "Command completed successfully";
    case 421:
      return "Command failed due to server error. Client should try again";
    case 505:
      return "Invalid attribute value syntax";
    case 506:
      return "Invalid option value";
    case 540:
      return "Attribute value is not unique";
    case 541:
      return "Invalid attribute value";
    case 545:
      return "Object not found";
    case 546:
      return "Credit limit exceeded";
    case 549:
      return "Command failed";
    case 552:
      return "Object status does not allow for operation";
    default:
      break;
  }
  engine::invariant_failed("the simulated registry gives this code", __FILE__, __LINE__, std::to_string(code));
}

void append_property(std::string& out, std::string_view key, std::string_view value) {
  out.append("PROPERTY[").append(key).append("][0]=").append(value).append("\n");
}

std::string response(std::string_view properties, int code, std::string_view text) {
  std::string out = "[RESPONSE]\n";
  out.append(properties);
  fmt::format_to(std::back_inserter(out), "DESCRIPTION={}\nCODE={}\n\nQUEUETIME=0\nRUNTIME=0.004\n\nEOF\n", text, code);
  return out;
}

ProviderAnswer answer(int code, std::string text, std::string_view properties) {
  ProviderAnswer made{.delivery = Delivery::answered, .code = code, .text = std::move(text), .job = {}, .raw = {}};
  made.raw = response(properties, code, made.text);
  return made;
}

std::string dollars(std::int64_t cents) { return fmt::format("{}.{:02}", cents / 100, cents % 100); }

void append_auction(std::string& out, const Auction& auction, State state) {
  append_property(out, "AUCTION-STARTDATE", engine::to_wire_string(auction.starts_at));
  append_property(out, "AUCTION-ENDDATE", engine::to_wire_string(auction.ends_at));
  append_property(out, "AUCTION-STATUS", auction.over ? "CLOSED" : "OPEN");
  append_property(out, "AUCTION-CURRENCY", "USD");
  append_property(out, "AUCTION-MINIMUMBID", "10.00");
  append_property(out, "AUCTION-NUMBEROFBIDDERS", std::to_string(auction.bidders));
  append_property(out, "AUCTION-NUMBEROFBIDS", std::to_string(auction.bids));
  if (auction.bids > 0) append_property(out, "AUCTION-BESTBID", dollars(auction.best_bid_cents));
  if (state == State::auction_won) append_property(out, "AUCTION-PRICE", dollars(auction.best_bid_cents));
}

}  // namespace

ProviderAnswer plain_answer(int code, std::string_view detail) {
  std::string text(text_of(code));
  if (!detail.empty()) text.append("; ").append(detail);
  return answer(code, std::move(text), {});
}

ProviderAnswer removed_answer(const engine::DomainName& name) {
  std::string properties;
  append_property(properties, "DOMAIN", name.ace());
  ProviderAnswer removed = answer(200, std::string(text_of(200)), properties);
  removed.domain = name.ace();
  return removed;
}

ProviderAnswer job_answer(const ProviderJob& job) {
  return {.delivery = Delivery::answered, .code = 200, .text = std::string(text_of(200)), .job = job, .raw = job.raw};
}

void fill_job(ProviderJob& job, const Standing& standing, std::size_t application) {
  const State state = standing.of(application);
  job.status = engine::to_word(state);
  std::string zone = job.name.ace().substr(job.name.ace().rfind('.') + 1);
  for (char& letter : zone) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  const std::string created = engine::to_wire_string(job.created_at.value());
  std::string properties;
  properties.reserve(640);
  append_property(properties, "APPLICATION", job.application);
  job.job_class = zone + "_BACKORDER";
  append_property(properties, "CLASS", job.job_class);
  append_property(properties, "SUBCLASS", zone + "_BACKORDER");
  append_property(properties, "CREATEDBY", "SYSTEM");
  append_property(properties, "CREATEDDATE", created);
  append_property(properties, "DOMAIN", job.name.ace());
  append_property(properties, "DOMAINUMLAUT", job.name.unicode());
  append_property(properties, "PERIOD", "1");
  append_property(properties, "STATUS", job.status);
  append_property(properties, "USER", "simulated.user");
  if (standing.auction) {
    append_auction(properties, *standing.auction, state);
    job.auction_ends_at = standing.auction->ends_at;
    if (state == State::auction_won) job.auction_price = dollars(standing.auction->best_bid_cents) + " USD";
  }
  job.raw = response(properties, 200, text_of(200));
}

ProviderAnswer busy_form(Busy how, const ProviderAnswer& whole, std::uint64_t tear_at) {
  switch (how) {
    case Busy::says_421:
      return plain_answer(421);
    case Busy::not_sent:
      return {.delivery = Delivery::not_sent, .code = 0, .text = "no connection (simulated)", .job = {}, .raw = {}};
    case Busy::silent:
      return {.delivery = Delivery::unknown, .code = 0, .text = "no answer in time (simulated)", .job = {}, .raw = {}};
    case Busy::torn:
      break;
  }
  const std::size_t end_mark = whole.raw.rfind("EOF");
  return {.delivery = Delivery::unknown,
          .code = 0,
          .text = "answer cut off (simulated)",
          .job = {},
          .raw = whole.raw.substr(0, tear_at % end_mark)};
}

}  // namespace simulated_registry
