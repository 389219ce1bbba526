#include "api_client/session_client.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <thread>
#include <unordered_map>
#include <vector>

#include "api_client/circuit_breaker.hpp"
#include "api_client/rate_limit.hpp"
#include "api_client/transport.hpp"

namespace api_client {
namespace {

using engine::Delivery;
using engine::Meaning;

constexpr Milliseconds kFarewell = std::chrono::seconds(5);  // for EndSession
constexpr int kSessionLost = 530;
constexpr std::size_t kLoggedAnswer = 2'000;
constexpr std::size_t kShortestSecret = 6;  // shorter ones would be found in every other word

Reply not_sent(std::string why) {
  return {.delivery = Delivery::not_sent, .code = 0, .text = std::move(why), .response = {}};
}

void mask(std::string& text, std::string_view secret) {
  if (secret.size() < kShortestSecret) return;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at))
    text.replace(at, secret.size(), "***");
}

bool begins_with_any_case(std::string_view text, std::string_view upper_case) {
  return text.size() >= upper_case.size() &&
         std::ranges::equal(text.substr(0, upper_case.size()), upper_case, [](char a, char b) {
           return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
         });
}

// The properties alone, on one line: APPLICATION[0]=40219 STATUS[0]=ACTIVE
std::string logged_answer(std::string_view clean_body) {
  std::string line;
  while (!clean_body.empty() && line.size() < kLoggedAnswer) {
    const std::size_t end = std::min(clean_body.find('\n'), clean_body.size());
    std::string_view row = clean_body.substr(0, end);
    clean_body.remove_prefix(std::min(end + 1, clean_body.size()));
    if (row.ends_with('\r')) row.remove_suffix(1);
    if (!begins_with_any_case(row, "PROPERTY[")) continue;
    row.remove_prefix(std::string_view("PROPERTY[").size());
    const std::size_t bracket = std::min(row.find(']'), row.size());
    if (!line.empty()) line += ' ';
    line.append(row.substr(0, bracket)).append(row.substr(std::min(bracket + 1, row.size())));
  }
  if (line.size() > kLoggedAnswer || !clean_body.empty()) line = line.substr(0, kLoggedAnswer) + " …";
  return line;
}

// Refusals of the login that concern us as a whole, and so every order behind it.
bool stops_everything(int code) {
  return code != 510 && engine::meaning_of_order({.delivery = Delivery::answered, .code = code}) == Meaning::stop;
}

}  // namespace

Timing machine_timing(std::function<bool()> interrupted) {
  static constexpr Milliseconds kSlice(250);
  const auto began = std::chrono::steady_clock::now();
  const auto random = std::make_shared<std::minstd_rand>(std::random_device{}());
  return {.elapsed = [began] { return std::chrono::floor<Milliseconds>(std::chrono::steady_clock::now() - began); },
          .pause =
              [interrupted = std::move(interrupted)](Milliseconds span) {
                for (; span > Milliseconds(0) && !(interrupted && interrupted()); span -= kSlice)
                  std::this_thread::sleep_for(std::min(span, kSlice));
              },
          .jitter = [random] { return std::uniform_real_distribution<double>(0, 1)(*random); }};
}

bool is_temporary(int code) { return code / 100 == 4 || code == 520 || code == 521; }

struct SessionClient::Line {
  explicit Line(SessionOptions given)
      : options(std::move(given)),
        transport({.url = options.environment.url,
                   .connections = options.connections,
                   .max_body = options.max_body,
                   .ca_file = options.ca_file,
                   .interrupted = [this] { return interrupted(); }}),
        rate(options.per_second, std::max(1, 2 * options.per_second)) {}

  SessionOptions options;
  Transport transport;
  RateLimit rate;
  CircuitBreaker breaker{};
  std::string session{};
  std::optional<Milliseconds> trouble_since{};  // of transport, without an answer in between
  bool ending = false;
  bool clocks_differ = false;

  struct Task {
    std::size_t index;
    int tries = 0;
    Reply last{};
  };

  const Dialect& dialect() const { return *options.environment.dialect; }

  bool interrupted() const { return !ending && options.interrupted && options.interrupted(); }

  // True if a pause still fits into our patience, for this call and for all temporary errors together.
  bool may_pause(Milliseconds began, Milliseconds pause) const {
    const Milliseconds then = options.timing.elapsed() + pause;
    return then - began <= options.patience && (!trouble_since || then - *trouble_since <= options.patience);
  }

  std::string clean(std::string_view text) const {
    std::string cleaned = api_client::without_secrets(text);
    for (const std::string* secret : {&options.credentials.password, &options.credentials.otp, &session})
      mask(cleaned, *secret);
    return cleaned;
  }

  Connection connection(bool with_session) const {
    const Credentials& us = options.credentials;
    if (with_session) {
      Connection ours{.entity = options.environment.entity, .user = us.user};
      ours.*dialect().session_parameter = session;
      return ours;
    }
    return {.entity = options.environment.entity, .login = us.login, .password = us.password, .otp = us.otp};
  }

  Reply understood(Reception reception) const {
    if (reception.delivery != Delivery::answered)
      return {.delivery = reception.delivery, .code = 0, .text = clean(reception.trouble), .response = {}};
    Reply reply;
    reply.response = Response::parse(std::move(reception.body));
    if (!reply.response->complete()) {
      reply.text = "the answer is cut off or garbled: " + clean(reply.response->torn());
      return reply;
    }
    reply.delivery = Delivery::answered;
    reply.code = reply.response->code();
    reply.text = clean(reply.response->description());
    return reply;
  }

  // The date is of some instant while the exchange went on, cut to the second.
  void compare_clocks(const Reception& reception) {
    if (!options.clock || clocks_differ || !reception.date) return;
    const engine::UtcTime now = options.clock();
    const Milliseconds ahead = *reception.date - now,
                       behind = now - reception.took - *reception.date - std::chrono::seconds(1);
    const Milliseconds apart = std::max(ahead, behind);
    if (apart <= kClockTolerance) return;
    clocks_differ = true;
    options.warn("the clock of " + options.environment.label() + " says " + engine::to_string(*reception.date) +
                 ", this machine's is " + engine::to_string(std::chrono::floor<std::chrono::seconds>(apart)) +
                 (ahead > behind ? " behind" : " ahead") + " (" + engine::to_string(kClockTolerance) +
                 " are tolerated): deadlines are kept by this machine's clock, so see that it is right");
  }

  void account(const Reply& reply) {
    if (reply.delivery == Delivery::answered) {
      breaker.succeeded();
      trouble_since.reset();
    } else if (!interrupted()) {
      const Milliseconds now = options.timing.elapsed();
      breaker.failed(now);
      if (!trouble_since) trouble_since = now;
    }
  }

  void log(const Command& command, const Reply& reply, int attempt, Milliseconds took) const {
    if (options.log == nullptr) return;
    const engine::Result<std::string> block = encode_block(command);
    std::string request = block ? clean(block.value()) : "";
    std::ranges::replace(request, '\n', ' ');
    options.log->note({.environment = options.environment.label(),
                       .command = command.name,
                       .request = std::move(request),
                       .delivery = reply.delivery,
                       .code = reply.code,
                       .text = reply.text,
                       .answer = reply.response ? logged_answer(clean(reply.response->body())) : "",
                       .attempt = attempt,
                       .took = took});
  }

  bool worth_repeating(Kind kind, const Reply& reply) const {
    if (kind == Kind::order) return reply.delivery == Delivery::not_sent;
    return reply.delivery != Delivery::answered || is_temporary(reply.code);
  }

  // Nothing when a session stands; else what is said to whoever wanted one. Orders behind it were not sent; a refusal
  // of us as a whole is theirs too.
  std::optional<Reply> no_session() {
    if (!session.empty()) return std::nullopt;
    std::optional<Reply> failed;
    Command start{"StartSession"};
    for (const auto& [name, value] : dialect().start_parameters) start.set(name, std::string(value));
    run(
        1, [&](std::size_t) { return start; }, Kind::read, {}, false,
        [&](std::size_t, Reply reply) {
          if (reply.ok()) session = reply.response->value(dialect().session_property);
          if (!session.empty()) return;
          if (reply.ok()) reply.text = "the answer names no session";
          const bool whole = reply.delivery == Delivery::answered && stops_everything(reply.code);
          failed = Reply{.delivery = whole ? Delivery::answered : Delivery::not_sent,
                         .code = whole ? reply.code : 0,
                         .text = "no session: " + reply.text,
                         .response = {}};
          if (!whole && reply.code != 0) failed->text += " (" + std::to_string(reply.code) + ")";
        });
    return failed;
  }

  void run(std::size_t count, const CommandOf& command_of, Kind kind, const WhyNot& why_not, bool with_session,
           const Answered& answered) {
    const Milliseconds began = options.timing.elapsed();
    std::deque<Task> waiting;
    for (std::size_t i = 0; i < count; ++i) waiting.push_back({i});
    bool renewed = ending;  // the session, within this call; none is begun to be ended
    for (int round = 1; !waiting.empty(); ++round) {
      if (with_session) {
        if (const std::optional<Reply> failed = no_session()) {
          for (const Task& task : waiting)
            answered(task.index,
                     {.delivery = failed->delivery, .code = failed->code, .text = failed->text, .response = {}});
          return;
        }
      }
      std::deque<Task> again, lost;
      struct Flight {
        Task task;
        Command command;
      };
      std::unordered_map<std::size_t, Flight> flying;
      const auto next = [&]() -> std::optional<Post> {
        while (!waiting.empty() && breaker.may_send(options.timing.elapsed())) {
          if (const Milliseconds wait = rate.take(options.timing.elapsed()); wait > Milliseconds(0))
            options.timing.pause(wait);
          if (interrupted()) return std::nullopt;
          Task task = std::move(waiting.front());
          waiting.pop_front();
          std::optional<std::string> reason = why_not ? why_not(task.index) : std::nullopt;
          Command command = command_of(task.index);
          engine::Result<std::string> body = std::string();
          if (!reason) {
            body = encode_form({connection(with_session), command}, Encoding::block);
            if (!body) reason = body.error().detail;
          }
          if (reason) {
            answered(task.index, not_sent(*std::move(reason)));
            continue;
          }
          ++task.tries;
          breaker.sent(options.timing.elapsed());
          const std::size_t index = task.index;
          flying.emplace(index, Flight{std::move(task), std::move(command)});
          return Post{index, std::move(body).value(),
                      kind == Kind::order ? options.order_limit
                      : ending            ? kFarewell
                                          : options.read_limit};
        }
        return std::nullopt;
      };
      transport.exchange(next, [&](std::size_t index, Reception reception) {
        Flight flight = std::move(flying.extract(index).mapped());
        const Milliseconds took = reception.took;
        compare_clocks(reception);
        // of use only where our clock is the machine's: a rehearsal lives in another time
        const std::optional<engine::UtcTime> date = options.clock ? reception.date : std::nullopt;
        Reply reply = understood(std::move(reception));
        reply.date = date;
        reply.took = took;
        account(reply);
        log(flight.command, reply, flight.task.tries, took);
        if (with_session && !renewed && reply.delivery == Delivery::answered && reply.code == kSessionLost) {
          lost.push_back(std::move(flight.task));
        } else if (worth_repeating(kind, reply)) {
          flight.task.last = std::move(reply);
          again.push_back(std::move(flight.task));
        } else {
          answered(index, std::move(reply));
        }
      });
      for (Task& task : waiting) {  // not asked for any more
        task.last =
            not_sent(interrupted() ? "interrupted before it was sent" : "not sent: the provider did not answer before");
        again.push_back(std::move(task));
      }
      waiting = std::move(lost);
      if (!waiting.empty()) {
        session.clear();
        renewed = true;
      }
      if (again.empty()) continue;
      const Milliseconds pause =
          std::max(pause_after(round, options.timing.jitter()), breaker.rest_left(options.timing.elapsed()));
      if (interrupted() || !may_pause(began, pause)) {
        for (Task& task : again) answered(task.index, std::move(task.last));
        continue;
      }
      options.timing.pause(pause);
      std::ranges::move(again, std::back_inserter(waiting));
    }
  }
};

SessionClient::SessionClient(SessionOptions options) : line_(std::make_unique<Line>(std::move(options))) {}

SessionClient::~SessionClient() {
  if (line_->session.empty() || line_->trouble_since) return;
  try {
    line_->ending = true;
    line_->options.patience = Milliseconds(0);
    line_->run(
        1, [&](std::size_t) { return Command{std::string(line_->dialect().end_command)}; }, Kind::read, {}, true,
        [](std::size_t, Reply) {});
  } catch (...) {  // a session that is not ended ends by itself
  }
}

const Environment& SessionClient::environment() const { return line_->options.environment; }

void SessionClient::call_each(std::size_t count, const CommandOf& command, Kind kind, const WhyNot& why_not,
                              const Answered& answered) {
  line_->run(count, command, kind, why_not, true, answered);
}

Reply SessionClient::call(const Command& command, Kind kind) {
  Reply reply;
  call_each(
      1, [&](std::size_t) { return command; }, kind, {}, [&](std::size_t, Reply got) { reply = std::move(got); });
  return reply;
}

std::string SessionClient::without_secrets(std::string_view text) const { return line_->clean(text); }

}  // namespace api_client
