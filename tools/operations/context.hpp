// The context of an operation: the book, the command's one instant, the actor, and dry_run. An operation loads facts,
// lets the engine decide, and commits once. With dry_run the same path ends in a rollback.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/ports.hpp"

namespace operations {

struct Context {
  engine::LedgerStore& store;
  engine::UtcTime now;
  std::string actor;  // who: recorded with everything
  bool dry_run = false;
  engine::Authorship stamp() const { return {now, actor}; }
};

// A unit of work that is rolled back unless keep() is called. In a dry run keep() rolls back too.
class UnitOfWork {
 public:
  explicit UnitOfWork(const Context& context) : context_(context) { context_.store.begin(); }
  ~UnitOfWork() {
    if (!ended_) context_.store.rollback();
  }
  UnitOfWork(const UnitOfWork&) = delete;
  UnitOfWork& operator=(const UnitOfWork&) = delete;

  void keep() {
    ended_ = true;
    if (context_.dry_run) {
      context_.store.rollback();
    } else {
      context_.store.commit();
    }
  }

 private:
  const Context& context_;
  bool ended_ = false;
};

// The id under which a request is remembered. If it has no key, one is made at random, so nothing is repeated by
// accident.
struct RequestKey {
  std::string sender = "operator";
  std::string key{};
  bool keep_refusals = true;  // false: a refusal is not kept; the same request is decided again
  bool is_known_new = false;  // true: the caller knows that the key is new, so it is not looked up
};

using Facts = std::vector<std::pair<std::string, std::string>>;  // field, value; in the order to print

struct Reply {
  std::string key;        // of the request
  bool replayed = false;  // the first answer, given again
  Facts facts{};
  std::string_view fact(std::string_view field) const;  // empty where there is none
};

// Runs a request once. A repeated key with the same content returns the first answer, including refusals that depend on
// the state. With other content it is refused with request_id_reused, and the detail names the first difference.
// `content`: the request, field by field. `decide` fills the changes and returns the answer. Malformed input and
// unknown names are not remembered (domain rule: request ids).
engine::Result<Reply> run_request(const Context& context, const RequestKey& request, const Facts& content,
                                  const std::function<engine::Result<Facts>(engine::Changes&)>& decide);

// As above, inside a unit of work of the caller, so that many requests share one commit. If `later` is given, changes
// that move no money are appended to it instead of being written; the caller applies them before it reads anything that
// they affect. REQUIRES: no two requests in `later` have the same key.
engine::Result<Reply> answer_request(const Context& context, const RequestKey& request, const Facts& content,
                                     const std::function<engine::Result<Facts>(engine::Changes&)>& decide,
                                     engine::Changes* later = nullptr);

// account_not_found
engine::Result<engine::Customer> customer_named(engine::LedgerReader& store, std::string_view name);

// Names of accounts. Each is looked up once, when a row first needs it.
class AccountNames {
 public:
  explicit AccountNames(engine::LedgerReader& store) : store_(store) {}
  const std::string& of(engine::CustomerId id);  // empty where there is no such account

 private:
  engine::LedgerReader& store_;
  std::map<engine::CustomerId, std::string> names_;
};
engine::Result<engine::Backorder> backorder_numbered(engine::LedgerReader& store, std::int64_t id);

}  // namespace operations
