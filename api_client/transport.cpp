#include "api_client/transport.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <map>
#include <vector>

namespace api_client {
namespace {

using engine::Delivery;
using engine::Milliseconds;

constexpr int kPollMs = 250;  // the longest that an interruption goes unseen

// libcurl's own set-up, once a process.
void set_up_curl() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  ENSURE(done == CURLE_OK, "libcurl starts");
}

void must(CURLcode code) {
  ENSURE(code == CURLE_OK, std::string("libcurl knows the option: ") + curl_easy_strerror(code));
}
void must(CURLMcode code) {
  ENSURE(code == CURLM_OK, std::string("libcurl's multi interface works: ") + curl_multi_strerror(code));
}

// One exchange on its way. Its handle is used again afterwards, which keeps nothing but its options.
struct Carrier {
  CURL* handle = nullptr;
  Post post{0, {}, {}};
  std::size_t sent = 0;
  std::string body{};
  std::size_t max_body = 0;
  bool too_long = false;
  char error[CURL_ERROR_SIZE] = {};
};

std::size_t read_body(char* into, std::size_t size, std::size_t count, void* carrier_pointer) {
  Carrier& carrier = *static_cast<Carrier*>(carrier_pointer);
  const std::size_t length = std::min(size * count, carrier.post.body.size() - carrier.sent);
  std::memcpy(into, carrier.post.body.data() + carrier.sent, length);
  carrier.sent += length;
  return length;
}

// libcurl repeats a request on a new connection where a kept one died before its first answering byte, also a POST. It
// then rewinds the body: refused, the exchange ends with CURLE_SEND_FAIL_REWIND and an unknown outcome, and the caller
// decides.
int never_rewind(void*, curl_off_t, int) { return CURL_SEEKFUNC_FAIL; }

std::size_t write_body(char* data, std::size_t size, std::size_t count, void* carrier_pointer) {
  Carrier& carrier = *static_cast<Carrier*>(carrier_pointer);
  const std::size_t length = size * count;
  if (carrier.body.size() + length > carrier.max_body) {
    carrier.too_long = true;
    return 0;  // ends the exchange
  }
  carrier.body.append(data, length);
  return length;
}

bool was_sent(CURL* handle) {
  long request_bytes = 0;
  curl_off_t ready_us = 0;
  curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &request_bytes);
  // 0 until the connection, TLS included, stands
  curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
  return request_bytes > 0 || ready_us > 0;
}

}  // namespace

struct Transport::Multi {
  explicit Multi(TransportOptions given) : options(std::move(given)) {
    set_up_curl();
    multi = curl_multi_init();
    ENSURE(multi != nullptr, "memory for libcurl");
    must(curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(options.connections)));
    must(curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options.connections)));
    must(curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING));
    // Expect would cost a round trip with each body over 1 KB
    for (const char* line : {"Expect:", "Content-Type: application/x-www-form-urlencoded"}) {
      curl_slist* longer = curl_slist_append(headers, line);
      ENSURE(longer != nullptr, "memory for libcurl");
      headers = longer;
    }
  }
  ~Multi() {
    for (auto& [handle, carrier] : flying) curl_multi_remove_handle(multi, handle);
    for (const std::unique_ptr<Carrier>& carrier : carriers) curl_easy_cleanup(carrier->handle);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
  }
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  TransportOptions options;
  CURLM* multi = nullptr;
  curl_slist* headers = nullptr;
  std::vector<std::unique_ptr<Carrier>> carriers{};
  std::vector<Carrier*> idle{};
  std::map<CURL*, Carrier*> flying{};

  Carrier& carrier() {
    if (idle.empty()) {
      auto made = std::make_unique<Carrier>();
      made->handle = curl_easy_init();
      ENSURE(made->handle != nullptr, "memory for libcurl");
      made->max_body = options.max_body;
      set_up(*made);
      idle.push_back(made.get());
      carriers.push_back(std::move(made));
    }
    Carrier* taken = idle.back();
    idle.pop_back();
    return *taken;
  }

  void set_up(Carrier& carrier) {
    CURL* handle = carrier.handle;
    must(curl_easy_setopt(handle, CURLOPT_URL, options.url.c_str()));
    // which of them is the environment's business: http only to a loopback address
    must(curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https,http"));
    must(curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1)));
    must(curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L));
    must(curl_easy_setopt(handle, CURLOPT_PROXY, ""));
    must(curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L));
    must(curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L));
    must(curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)));
    if (!options.ca_file.empty()) must(curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str()));
    must(curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L));
    must(curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_limit.count())));
    must(curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, ""));  // whatever libcurl can unpack
    must(curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers));
    must(curl_easy_setopt(handle, CURLOPT_USERAGENT, "dropledger"));
    must(curl_easy_setopt(handle, CURLOPT_POST, 1L));
    must(curl_easy_setopt(handle, CURLOPT_READFUNCTION, read_body));
    must(curl_easy_setopt(handle, CURLOPT_READDATA, &carrier));
    must(curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, never_rewind));
    must(curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, write_body));
    must(curl_easy_setopt(handle, CURLOPT_WRITEDATA, &carrier));
    must(curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, carrier.error));
  }

  void start(Post post) {
    Carrier& one = carrier();
    one.post = std::move(post);
    one.sent = 0;
    one.body.clear();
    one.too_long = false;
    one.error[0] = '\0';
    must(curl_easy_setopt(one.handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(one.post.body.size())));
    must(curl_easy_setopt(one.handle, CURLOPT_TIMEOUT_MS, static_cast<long>(one.post.limit.count())));
    must(curl_multi_add_handle(multi, one.handle));
    flying.emplace(one.handle, &one);
  }

  Reception land(Carrier& one, CURLcode result) {
    Reception reception;
    curl_off_t took_us = 0;
    curl_easy_getinfo(one.handle, CURLINFO_TOTAL_TIME_T, &took_us);
    reception.took = Milliseconds(took_us / 1000);
    long status = 0;
    curl_easy_getinfo(one.handle, CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_OK && status == 200) {
      reception.delivery = Delivery::answered;
      reception.body = std::move(one.body);
      curl_header* date = nullptr;
      if (curl_easy_header(one.handle, "Date", 0, CURLH_HEADER, -1, &date) == CURLHE_OK) {
        const std::time_t seconds = curl_getdate(date->value, nullptr);
        if (seconds >= 0) reception.date = engine::UtcTime(std::chrono::seconds(seconds));
      }
    } else if (result == CURLE_OK) {
      reception.trouble = "HTTP status " + std::to_string(status);
    } else {
      if (!was_sent(one.handle)) reception.delivery = Delivery::not_sent;
      reception.trouble = one.too_long ? "the answer is longer than " + std::to_string(one.max_body) + " bytes"
                          : result == CURLE_SEND_FAIL_REWIND ? "the connection was closed without an answer"
                          : one.error[0] != '\0'             ? one.error
                                                             : curl_easy_strerror(result);
    }
    retire(one);
    return reception;
  }

  void retire(Carrier& one) {
    curl_multi_remove_handle(multi, one.handle);
    flying.erase(one.handle);
    one.post.body.clear();
    one.body = std::string();
    idle.push_back(&one);
  }

  bool interrupted() const { return options.interrupted && options.interrupted(); }
};

Transport::Transport(TransportOptions options) : multi_(std::make_unique<Multi>(std::move(options))) {}
Transport::~Transport() = default;

void Transport::exchange(const std::function<std::optional<Post>()>& next,
                         const std::function<void(std::size_t, Reception)>& received) {
  Multi& all = *multi_;
  // However this function ends, also by an exception of a callback, no request stays on its way.
  struct Cleared {
    Multi& all;
    ~Cleared() {
      while (!all.flying.empty()) all.retire(*all.flying.begin()->second);
    }
  } cleared{all};
  std::optional<std::chrono::steady_clock::time_point> stopped;
  for (;;) {
    if (!stopped && all.interrupted()) stopped = std::chrono::steady_clock::now();
    while (!stopped && all.flying.size() < static_cast<std::size_t>(all.options.connections)) {
      std::optional<Post> post = next();
      if (!post) break;
      all.start(*std::move(post));
    }
    if (all.flying.empty()) return;
    int running = 0;
    must(curl_multi_perform(all.multi, &running));
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(all.multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Carrier& one = *all.flying.at(message->easy_handle);
      const CURLcode result = message->data.result;  // the message is gone once its handle is
      const std::size_t id = one.post.id;
      any = true;
      received(id, all.land(one, result));
    }
    if (stopped && std::chrono::steady_clock::now() - *stopped > kGrace) {
      while (!all.flying.empty()) {
        Carrier& one = *all.flying.begin()->second;
        const std::size_t id = one.post.id;
        const bool sent = was_sent(one.handle);
        all.retire(one);
        received(id, {.delivery = sent ? Delivery::unknown : Delivery::not_sent,
                      .trouble = "interrupted before the answer came"});
      }
      return;
    }
    if (!any) must(curl_multi_poll(all.multi, nullptr, 0, kPollMs, nullptr));
  }
}

}  // namespace api_client
