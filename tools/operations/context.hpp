// What every operation needs: the book, the command's one instant, who acts, and whether anything is to stay. An
// operation loads facts, lets the engine decide, and commits once; with dry_run the same path ends in a rollback.
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

// A unit of work that is rolled back unless kept. keep() commits, or rolls back where the context is a dry run.
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

// The id under which a person's or program's request is remembered. Without a key one is made, and nothing can be
// repeated by accident.
struct RequestKey {
  std::string sender = "operator";
  std::string key{};
  bool keep_refusals = true;  // false: a refusal is not its answer for ever; asked again, it is decided again
  bool is_known_new = false;  // true: there is none of this key yet, so it is not looked for
};

using Facts = std::vector<std::pair<std::string, std::string>>;  // field, value; in the order to print

struct Reply {
  std::string key;        // of the request
  bool replayed = false;  // the first answer, given again
  Facts facts{};
  std::string_view fact(std::string_view field) const;  // empty where there is none
};

// Runs a request once: a repeated key with the same content answers the first answer again, refusals for reasons of
// state included; with other content it is refused with request_id_reused, naming the first difference. `content` is
// what the request asks for, field by field. `decide` fills the changes and returns the answer. Malformed input and
// unknown names are not remembered.
engine::Result<Reply> run_request(const Context& context, const RequestKey& request, const Facts& content,
                                  const std::function<engine::Result<Facts>(engine::Changes&)>& decide);

// The same inside a unit of work of the caller's, who keeps or drops it: many requests, one commit. What moves no money
// is added to `later`, where that is given, instead of being written: the caller applies it before anything is read
// that it bears on. No two of what waits there have the same key.
engine::Result<Reply> answer_request(const Context& context, const RequestKey& request, const Facts& content,
                                     const std::function<engine::Result<Facts>(engine::Changes&)>& decide,
                                     engine::Changes* later = nullptr);

// account_not_found
engine::Result<engine::Customer> customer_named(engine::LedgerReader& store, std::string_view name);

// The names of accounts as they are needed: each is looked up once, and those that no row asks for are not.
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
