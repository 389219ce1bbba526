// The commands that customers' software may give, each as an answer of the protocol. What a command may see and touch
// is its caller's account and nothing else.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "tools/gateway/authentication.hpp"
#include "tools/gateway/back_office.hpp"
#include "tools/gateway/book_access.hpp"
#include "tools/gateway/http_server.hpp"
#include "tools/gateway/quotas.hpp"
#include "tools/gateway/vocabulary.hpp"

namespace gateway {

struct Call {
  const Command& command;
  const api_client::Connection& connection;
  const Caller& caller;
  const std::string& address;
  engine::LedgerReader& store;  // to read, until `reading` has ended
  engine::UtcTime now;
  Reading& reading;                            // ended by who goes on to write
  std::shared_ptr<const Delivery> delivery{};  // of the answer; null where there is no connection
};

class DropCatalogue;

// The last further application (NEW=1) of each account and wording. Where its answer did not arrive, the next equal
// request is its repetition, unless the client has found the application by asking for it meanwhile. A restart forgets
// all this: X-REQUEST-ID is kept for ever.
class FurtherApplications {
 public:
  struct Placed {
    engine::BackorderId application;
    engine::UtcTime at;
    std::shared_ptr<const Delivery> delivery;
  };
  static std::string key_of(const Call& call);  // 32 bytes, however much the client has written
  // What an equal request placed without its caller having heard of it.
  std::optional<Placed> unheard(const std::string& key) const;
  void note(const std::string& key, Placed placed);
  void shown(engine::BackorderId application);

 private:
  void make_room();

  mutable std::mutex mutex_;
  std::map<std::string, Placed> last_;
  std::map<engine::BackorderId, std::string> keys_;  // of last_
};

// What the commands work with; everything but the readers' store is shared by all threads.
struct Services {
  Writer& writer;
  BackOffice& back_office;
  Authentication& authentication;
  DropCatalogue& catalogue;
  FurtherApplications& further;
  Quotas& quotas;
  std::function<Instant()> monotonic;
};

// 500 for a command that is not offered.
Answer answer_command(Services& desk, const Call& call);

// ---- by topic; answer_command knows which is whose ----

// application_commands.cpp
Answer add_application(Services& desk, const Call& call);
Answer delete_application(Services& desk, const Call& call);
Answer status_application(Services& desk, const Call& call);
Answer query_applications(Services& desk, const Call& call);
// account_commands.cpp
Answer status_account(Services& desk, const Call& call);
Answer query_deposits(Services& desk, const Call& call);
Answer query_accounting(Services& desk, const Call& call);
Answer status_user(Services& desk, const Call& call);
// event_commands.cpp
Answer query_events(Services& desk, const Call& call);
Answer status_event(Services& desk, const Call& call);
Answer delete_event(Services& desk, const Call& call);
// session_commands.cpp
Answer start_session(Services& desk, const Call& call);
Answer end_session(Services& desk, const Call& call);
Answer check_authentication(Services& desk, const Call& call);
Answer convert_idn(Services& desk, const Call& call);
// drop_commands.cpp
Answer query_drops(Services& desk, const Call& call);

// What a refusal of ours is called on the wire.
Answer refuse(const engine::Error& error);
Answer refuse(Refusal refusal);

}  // namespace gateway
