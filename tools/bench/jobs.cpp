// Jobs at the provider, through the client that `sweep` uses: orders one by one, intents durable before anything is
// sent; outcomes by bulk lists. The provider is a process of its own with canned answers, and the same one for both
// sides. The baseline is a bare loop of libcurl's multi interface that posts the same bytes, and plain statements in
// the same number of commits.
#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "api_client/command.hpp"
#include "api_client/provider.hpp"
#include "api_client/response.hpp"
#include "engine/lifecycle.hpp"
#include "storage/store.hpp"
#include "tools/bench/bare_http.hpp"
#include "tools/bench/families.hpp"
#include "tools/bench/raw.hpp"
#include "tools/bench/sample.hpp"
#include "tools/operations/sweep.hpp"

namespace bench {
namespace {

using engine::Changes;
using operations::Stage;

constexpr std::size_t kInFlight = 8;
constexpr std::int64_t kPage = 1'000;
constexpr std::int64_t kFirstApplication = 40'000'000;
const std::int64_t kNowMs = kNow.time_since_epoch().count();

// ---- the provider ----

std::string list_page(const Ground& ground, std::int64_t first, std::int64_t limit) {
  const std::int64_t end = std::min(first + limit, ground.size), count = std::max<std::int64_t>(end - first, 0);
  api_client::Answer answer;
  for (const auto& [name, number] : std::initializer_list<std::pair<const char*, std::int64_t>>{
           {"COUNT", count}, {"FIRST", first}, {"LAST", first + count - 1}, {"LIMIT", limit}, {"TOTAL", ground.size}}) {
    answer.add(name, std::to_string(number));
  }
  const auto column = [&](const char* name, const std::function<std::string(std::int64_t)>& value) {
    auto& values = answer.properties.emplace_back(name, std::vector<std::string>{}).second;
    for (std::int64_t i = first; i < end; ++i) values.push_back(value(i));
  };
  column("APPLICATION", [](std::int64_t i) { return std::to_string(kFirstApplication + i); });
  column("CLASS", [](std::int64_t) { return "COM_BACKORDER"; });
  column("DOMAIN", [&](std::int64_t i) { return domain_of(ground, i); });
  column("STATUS", [](std::int64_t i) { return i % 2 == 0 ? "SUCCESSFUL" : "FAILED"; });
  column("CREATEDDATE", [](std::int64_t i) { return "2026-08-01 12:00:" + std::to_string(10 + i % 50); });
  column("UPDATEDDATE", [](std::int64_t i) { return "2026-08-04 18:02:" + std::to_string(10 + i % 50); });
  column("FINALIZATIONDATE", [](std::int64_t i) { return "2026-08-05 18:00:" + std::to_string(10 + i % 50); });
  return format(answer);
}

// The provider's process. Says its port; asked anything, it says how many requests it has had beside logins.
void be_provider(const Ground& ground, bool lists, Line& line) {
  std::vector<std::string> pages;
  for (std::int64_t first = 0; lists && first < ground.size; first += kPage)
    pages.push_back(list_page(ground, first, kPage));
  const std::string session =
      "[RESPONSE]\nPROPERTY[SESSION][0]=" + std::string(64, 'S') +
      "\nDESCRIPTION=Command completed successfully\nCODE=200\n\nQUEUETIME=0\nRUNTIME=0.000\n\nEOF\n";
  const std::string_view rest_of_order =
      "\nPROPERTY[STATUS][0]=REQUESTED\nPROPERTY[CREATEDDATE][0]=2026-08-01 "
      "12:00:00\nPROPERTY[UPDATEDDATE][0]=2026-08-01 12:00:00\n"
      "PROPERTY[FINALIZATIONDATE][0]=2026-08-04 15:00:00\nPROPERTY[USER][0]=north.user\n"
      "DESCRIPTION=Command completed successfully\nCODE=200\n\nQUEUETIME=0\nRUNTIME=0.004\n\nEOF\n";
  BareServer server;
  std::int64_t requests = 0, orders = 0;
  line.say(std::to_string(server.port()));
  server.serve(line.socket(), [&](std::span<Asked> asked) {
    for (Asked& one : asked) {
      const std::string_view command = block_value(one.body, "COMMAND");
      if (command == "StartSession" || command == "EndSession") {
        one.answer = session;
        continue;
      }
      ++requests;
      if (command == "QueryDomainApplicationList") {
        const std::int64_t first = std::stoll(std::string(block_value(one.body, "FIRST"))),
                           limit = std::stoll(std::string(block_value(one.body, "LIMIT")));
        if (first % kPage == 0 && limit == kPage && first < ground.size)
          one.answer = pages[static_cast<std::size_t>(first / kPage)];
        else
          one.answer = one.room = list_page(ground, first, limit);
      } else {
        one.room.assign("[RESPONSE]\nPROPERTY[APPLICATION][0]=").append(std::to_string(kFirstApplication + orders++));
        one.room.append("\nPROPERTY[CLASS][0]=COM_BACKORDER\nPROPERTY[DOMAIN][0]=")
            .append(block_value(one.body, "DOMAIN"))
            .append(rest_of_order);
        one.answer = one.room;
      }
    }
  });
  line.hear();
  line.say(std::to_string(requests));
}

std::int64_t requests_of(ChildProcess& provider) {
  provider.say("requests");
  return std::stoll(provider.hear());
}

// ---- the ledger ----

api_client::HttpProvider client_of(int port) {
  api_client::SessionOptions options{
      .environment = value_of(api_client::resolve_environment("http://127.0.0.1:" + std::to_string(port), "1234")),
      .credentials = {.login = "north.user", .password = "test.passw0rd"},
      .connections = kInFlight,
      .per_second = 0};  // as for every provider on this machine
  return {std::move(options), [] { return kNow; }};
}

Took swept(const Ground& ground, Stage stage, std::string_view word, std::int64_t most_requests) {
  const std::string file = copy_of_prepared(ground, "ledger.db");
  Took took{};
  ChildProcess provider([&](Line& line) { be_provider(ground, stage == Stage::sync, line); });
  {
    const auto store = storage::open_book(file, {});
    const int port = std::stoi(provider.hear());
    operations::SweepOptions options;
    options.stages = {stage};
    options.clock = [] { return kNow; };
    operations::SweepReport report;
    took.seconds = seconds_of([&] {
      api_client::HttpProvider client = client_of(port);
      report = operations::sweep({*store, kNow, "bench"}, &client, options);
    });
    for (const engine::Error& error : report.errors) throw std::runtime_error("the sweep: " + error.detail);
    took.units = report.count(word);
  }
  if (const std::int64_t requests = requests_of(provider); requests > most_requests) {
    throw std::runtime_error("the ledger made " + std::to_string(requests) + " requests where " +
                             std::to_string(most_requests) + " do");
  }
  took.left = left_in(file);
  return took;
}

void prepare_submit(const Ground& ground) {
  const auto store = make_accounts(ground, ground.file("prepared.db"), true);
  std::vector<engine::Customer> customers = store->customers();
  add_orders(ground, *store, [&](Changes& changes, engine::Backorder& order) {
    engine::Customer& customer = customers[static_cast<std::size_t>(order.customer.value() - 1)];
    (void)value_of(
        apply_transition(changes, order, customer, engine::Trigger::funded, {.now = kNow, .deposit = order.quoted}));
  });
}

void prepare_sync(const Ground& ground) {
  const auto store = make_accounts(ground, ground.file("prepared.db"), true);
  std::vector<engine::Customer> customers = store->customers();
  add_orders(ground, *store, [&](Changes& changes, engine::Backorder& order) {
    engine::Customer& customer = customers[static_cast<std::size_t>(order.customer.value() - 1)];
    (void)value_of(
        apply_transition(changes, order, customer, engine::Trigger::funded, {.now = kNow, .deposit = order.quoted}));
    (void)value_of(apply_transition(changes, order, customer, engine::Trigger::job_created, {.now = kNow}));
    order.application = std::to_string(kFirstApplication + order.id.value() - 1);
    order.provider_status = "REQUESTED";
    order.provider_status_at = kNow;
  });
}

// ---- the baseline ----

// Posts one body after another, eight at a time, over kept connections.
class BarePosts {
 public:
  explicit BarePosts(int port) : url_("http://127.0.0.1:" + std::to_string(port) + "/api/call.cgi") {
    for (Post& post : posts_) {
      post.handle = curl_easy_init();
      curl_easy_setopt(post.handle, CURLOPT_URL, url_.c_str());
      curl_easy_setopt(post.handle, CURLOPT_POST, 1L);
      curl_easy_setopt(post.handle, CURLOPT_NOSIGNAL, 1L);
      curl_easy_setopt(
          post.handle, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t size, std::size_t count, void* into) {
            static_cast<std::string*>(into)->append(data, size * count);
            return size * count;
          });
      curl_easy_setopt(post.handle, CURLOPT_WRITEDATA, &post.answer);
      curl_easy_setopt(post.handle, CURLOPT_PRIVATE, &post);
    }
  }
  ~BarePosts() {
    for (Post& post : posts_) curl_easy_cleanup(post.handle);
    curl_multi_cleanup(multi_);
  }
  BarePosts(const BarePosts&) = delete;
  BarePosts& operator=(const BarePosts&) = delete;

  void run(std::size_t count, const std::function<std::string(std::size_t)>& body,
           const std::function<void(std::size_t, const std::string&)>& answered) {
    std::size_t next = 0, flying = 0;
    const auto start = [&](Post& post) {
      post.id = next++;
      post.body = body(post.id);
      post.answer.clear();
      curl_easy_setopt(post.handle, CURLOPT_POSTFIELDS, post.body.c_str());
      curl_easy_setopt(post.handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(post.body.size()));
      curl_multi_add_handle(multi_, post.handle);
      ++flying;
    };
    for (Post& post : posts_) {
      if (next < count) start(post);
    }
    while (flying > 0) {
      int running = 0, left = 0;
      bool any = false;
      curl_multi_perform(multi_, &running);
      while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        any = true;
        Post* post = nullptr;
        CURL* handle = message->easy_handle;
        if (message->data.result != CURLE_OK) throw std::runtime_error(curl_easy_strerror(message->data.result));
        curl_easy_getinfo(handle, CURLINFO_PRIVATE, &post);
        curl_multi_remove_handle(multi_, handle);
        --flying;
        answered(post->id, post->answer);
        if (next < count) start(*post);
      }
      if (!any) curl_multi_poll(multi_, nullptr, 0, 1'000, nullptr);
    }
  }

 private:
  struct Post {
    CURL* handle = nullptr;
    std::size_t id = 0;
    std::string body{}, answer{};
  };
  std::string url_;
  CURLM* multi_ = curl_multi_init();
  std::array<Post, kInFlight> posts_{};
};

const std::string kHead = "s_entity=1234&s_session=" + std::string(64, 'S') + "&s_command=COMMAND%3D";

std::string_view property(std::string_view answer, std::string_view name) {
  const std::size_t at = answer.find("PROPERTY[" + std::string(name) + "][0]=");
  if (at == std::string_view::npos) throw std::runtime_error("the baseline's provider answers no " + std::string(name));
  const std::size_t begin = answer.find('=', at) + 1;
  return answer.substr(begin, answer.find('\n', begin) - begin);
}

Took baseline_submit(const Ground& ground) {
  const std::string file = copy_of_prepared(ground, "baseline.db");
  Took took{};
  ChildProcess provider([&](Line& line) { be_provider(ground, false, line); });
  {
    Raw db(file);
    const int port = std::stoi(provider.hear());
    took.seconds = seconds_of([&] {
      BarePosts posts(port);
      struct Waiting {
        std::int64_t id, customer;
        std::string name, application{};
      };
      std::vector<Waiting> waiting;
      {
        Query rows(db,
                   "SELECT id, customer_id, name FROM backorder WHERE state = 'ACTIVE' AND application IS NULL AND "
                   "open_call_id IS NULL ORDER BY placed_at, id");
        while (rows.step()) waiting.push_back({rows.number(0), rows.number(1), std::string(rows.text(2))});
      }
      Query intend(
          db,
          "INSERT INTO provider_call (id, backorder_id, command, attempt, state, intent_at, code, text, application)"
          " VALUES (?, ?, 'AddDomainApplication', 1, 'intent', ?, 0, '', '')");
      Query open(db, "UPDATE backorder SET open_call_id = ?2 WHERE by_customer = ?1");
      Query answer(db,
                   "UPDATE provider_call SET state = 'answered', answered_at = ?2, code = 200, text = 'Command "
                   "completed successfully', application = ?3"
                   " WHERE id = ?1");
      Query submit(db,
                   "UPDATE backorder SET state = 'PROCESSING', open_call_id = NULL, application = ?2, provider_status "
                   "= 'REQUESTED',"
                   " provider_status_at = ?3, submitted_at = ?3 WHERE by_customer = ?1");
      Query step(
          db,
          "INSERT INTO event (id, recorded_at, kind, customer_id, backorder_id, from_state, to_state, actor, detail)"
          " VALUES (?, ?, 'stepped', ?, ?, 'ACTIVE', 'PROCESSING', 'bench', ?)");
      std::int64_t call = 0, event = db.number("SELECT max(id) FROM event");
      for (std::span<Waiting> rest(waiting); !rest.empty();) {
        const std::span<Waiting> batch = rest.first(std::min(rest.size(), operations::SweepOptions{}.orders));
        rest = rest.subspan(batch.size());
        const std::int64_t first_call = call;
        db.run("BEGIN IMMEDIATE");
        for (const Waiting& one : batch) {
          intend.write(++call, one.id, kNowMs);
          open.write(account_backorder_key(one.customer, one.id), call);
        }
        db.run("COMMIT");
        posts.run(
            batch.size(),
            [&](std::size_t i) {
              return kHead + "AddDomainApplication%0ACLASS%3DBACKORDER%0ADOMAIN%3D" + batch[i].name;
            },
            [&](std::size_t i, const std::string& text) { batch[i].application = property(text, "APPLICATION"); });
        db.run("BEGIN IMMEDIATE");
        for (std::size_t i = 0; i < batch.size(); ++i) {
          const Waiting& one = batch[i];
          answer.write(first_call + static_cast<std::int64_t>(i) + 1, kNowMs, one.application);
          submit.write(account_backorder_key(one.customer, one.id), one.application, kNowMs);
          step.write(++event, kNowMs, one.customer, one.id, "submitted, application " + one.application);
        }
        db.run("COMMIT");
        took.units += static_cast<std::int64_t>(batch.size());
      }
    });
  }
  took.left = left_in(file);
  return took;
}

// The rows of a page's column, which stand together.
template <typename Visit>
void each_value(std::string_view page, std::string_view column, const Visit& visit) {
  const std::string begin = "PROPERTY[" + std::string(column) + "][";
  for (std::size_t at = page.find(begin); page.substr(at, begin.size()) == begin;) {
    const std::size_t equals = page.find('=', at), end = page.find('\n', equals);
    visit(page.substr(equals + 1, end - equals - 1));
    at = end + 1;
  }
}

Took baseline_sync(const Ground& ground) {
  const std::string file = copy_of_prepared(ground, "baseline.db");
  Took took{};
  ChildProcess provider([&](Line& line) { be_provider(ground, true, line); });
  {
    Raw db(file);
    const int port = std::stoi(provider.hear());
    took.seconds = seconds_of([&] {
      BarePosts posts(port);
      std::vector<std::string> pages(static_cast<std::size_t>((ground.size + kPage - 1) / kPage));
      posts.run(
          pages.size(),
          [&](std::size_t i) {
            return kHead +
                   "QueryDomainApplicationList%0ACLASS%3D%2A_BACKORDER%0AUSERDEPTH%3DSELF%0AORDERBY%3DCREATEDDATE%"
                   "0AWIDE%3D1%0AFIRST%3D" +
                   std::to_string(i * kPage) + "%0ALIMIT%3D" + std::to_string(kPage);
          },
          [&](std::size_t i, const std::string& text) { pages[i] = text; });
      struct Row {
        std::string_view application, type, domain, status, created, updated, final;
      };
      std::unordered_map<std::string_view, Row> rows;
      rows.reserve(pages.size() * kPage);
      for (const std::string& page : pages) {
        std::vector<Row> of_page(kPage);
        const auto read = [&](std::string_view column, std::string_view Row::*into) {
          std::size_t row = 0;
          each_value(page, column, [&](std::string_view value) { of_page[row++].*into = value; });
        };
        read("APPLICATION", &Row::application);
        read("CLASS", &Row::type);
        read("DOMAIN", &Row::domain);
        read("STATUS", &Row::status);
        read("CREATEDDATE", &Row::created);
        read("UPDATEDDATE", &Row::updated);
        read("FINALIZATIONDATE", &Row::final);
        for (const Row& row : of_page) {
          if (!row.application.empty()) rows.emplace(row.application, row);
        }
      }
      struct Job {
        std::int64_t id, account_backorder_key;
        std::string application, status;
      };
      std::vector<Job> jobs;
      {
        Query select(db,
                     "SELECT id, by_customer, application, provider_status FROM backorder WHERE state IN "
                     "('PROCESSING', 'AUCTION-PENDING') AND application IS NOT NULL"
                     " ORDER BY by_customer");
        while (select.step())
          jobs.push_back(
              {select.number(0), select.number(1), std::string(select.text(2)), std::string(select.text(3))});
      }
      Query update(db, "UPDATE backorder SET provider_status = ?2, provider_status_at = ?3 WHERE by_customer = ?1");
      Query insert(db, "INSERT INTO evidence (id, backorder_id, recorded_at, status, raw) VALUES (?, ?, ?, ?, ?)");
      std::int64_t evidence = 0;
      std::string raw;
      const std::size_t chunk = operations::SweepOptions{}.batch;
      for (std::size_t at = 0; at < jobs.size(); ++at) {
        if (at % chunk == 0) db.run(at == 0 ? "BEGIN IMMEDIATE" : "COMMIT; BEGIN IMMEDIATE");
        const auto found = rows.find(jobs[at].application);
        if (found == rows.end() || found->second.status == jobs[at].status) continue;
        const Row& row = found->second;
        raw.clear();
        for (const auto& [name, value] :
             std::initializer_list<std::pair<std::string_view, std::string_view>>{{"APPLICATION", row.application},
                                                                                  {"CLASS", row.type},
                                                                                  {"DOMAIN", row.domain},
                                                                                  {"STATUS", row.status},
                                                                                  {"CREATEDDATE", row.created},
                                                                                  {"UPDATEDDATE", row.updated},
                                                                                  {"FINALIZATIONDATE", row.final}}) {
          raw.append("PROPERTY[").append(name).append("][0]=").append(value).append("\n");
        }
        update.write(jobs[at].account_backorder_key, row.status, kNowMs);
        insert.write(++evidence, jobs[at].id, kNowMs, row.status, raw);
        ++took.units;
      }
      db.run("COMMIT");
    });
  }
  took.left = left_in(file);
  return took;
}

}  // namespace

void add_jobs(std::vector<Measurement>& all) {
  all.push_back({"submit", "jobs submitted over HTTP with eight requests in flight, intents durable", "jobs", 10'000, 0,
                 1'500, true, prepare_submit,
                 [](const Ground& ground) { return swept(ground, Stage::submit, "submitted", ground.size); },
                 baseline_submit});
  all.push_back(
      {"sync", "outcomes synced over HTTP by bulk lists, a request per 1,000 jobs at most", "jobs", 100'000, 0, 20'000,
       true, prepare_sync,
       [](const Ground& ground) { return swept(ground, Stage::sync, "news", (ground.size + kPage - 1) / kPage); },
       baseline_sync});
}

}  // namespace bench
