#include "tools/operations/users.hpp"

#include <sodium.h>

#include <algorithm>

namespace operations {
namespace {

using engine::Changes;
using engine::Error;
using engine::ErrorCode;
using engine::Result;
using engine::User;

engine::Status check_login(const std::string& login) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == '@';
  };
  const std::size_t mark = login.find('!');
  const std::string_view user = std::string_view(login).substr(0, mark);
  const std::string_view role =
      mark == std::string::npos ? std::string_view("none") : std::string_view(login).substr(mark + 1);
  for (const std::string_view part : {user, role}) {
    if (!part.empty() && part.size() <= 64 && std::ranges::all_of(part, is_plain)) continue;
    return Error{ErrorCode::invalid_argument,
                 "'" + login + "' is no login: letters, digits and . - _ @, at most 64; a role is written login!role"};
  }
  return engine::Unit{};
}

engine::Status check_password(const std::string& password) {
  if (password.size() >= kShortestPassword && password.size() <= kLongestPassword &&
      password.find('\0') == std::string::npos)
    return engine::Unit{};
  return Error{ErrorCode::invalid_argument, "a password has at least " + std::to_string(kShortestPassword) +
                                                " and at most " + std::to_string(kLongestPassword) + " bytes"};
}

Result<User> user_named(engine::LedgerStore& store, const std::string& login) {
  if (auto found = store.user(login)) return *std::move(found);
  return Error{ErrorCode::user_not_found, "there is no user '" + login + "'; see 'user list'"};
}

// The remembered request contains nothing of the password.
Result<Reply> change_user(const Context& context, const RequestKey& request, const std::string& what,
                          const std::string& login, const std::function<void(Changes&, User&)>& change) {
  return run_request(context, request, {{"request", what}, {"user", login}}, [&](Changes& changes) -> Result<Facts> {
    Result<User> found = user_named(context.store, login);
    if (!found) return found.error();
    User& user = found.value();
    change(changes, user);
    changes.events.push_back({engine::EventKind::account_changed, user.customer, {}, {}, {}, {}, what + " " + login});
    return Facts{{"user", login}, {"account", context.store.customer(user.customer).value().name}};
  });
}

}  // namespace

Result<Reply> add_user(const Context& context, const RequestKey& request, const std::string& login,
                       const std::string& account, const std::string& password) {
  if (const engine::Status sound = check_login(login); !sound) return sound.error();
  if (const engine::Status sound = check_password(password); !sound) return sound.error();
  const std::string hash = hash_password(password);
  return run_request(
      context, request, {{"request", "user add"}, {"user", login}, {"account", account}},
      [&](Changes& changes) -> Result<Facts> {
        const Result<engine::Customer> customer = customer_named(context.store, account);
        if (!customer) return customer.error();
        if (context.store.user(login))
          return Error{ErrorCode::user_exists, "user '" + login + "' exists already; see 'user passwd'"};
        changes.users.push_back({.login = login,
                                 .customer = customer.value().id,
                                 .password_hash = hash,
                                 .created_at = context.now,
                                 .changed_at = context.now});
        changes.events.push_back(
            {engine::EventKind::account_changed, customer.value().id, {}, {}, {}, {}, "user add " + login});
        return Facts{{"user", login}, {"account", account}};
      });
}

Result<Reply> change_password(const Context& context, const RequestKey& request, const std::string& login,
                              const std::string& password) {
  if (const engine::Status sound = check_password(password); !sound) return sound.error();
  const std::string hash = hash_password(password);
  return change_user(context, request, "user passwd", login, [&](Changes& changes, User& user) {
    user.password_hash = hash;
    user.changed_at = context.now;
    changes.users.push_back(user);
  });
}

Result<Reply> enable_user(const Context& context, const RequestKey& request, const std::string& login, bool enabled) {
  return change_user(context, request, enabled ? "user enable" : "user disable", login,
                     [&](Changes& changes, User& user) {
                       user.enabled = enabled;
                       user.changed_at = context.now;
                       changes.users.push_back(user);
                     });
}

Result<Reply> remove_user(const Context& context, const RequestKey& request, const std::string& login) {
  return change_user(context, request, "user remove", login,
                     [&](Changes& changes, User& user) { changes.removed_users.push_back(user.login); });
}

std::string hash_password(const std::string& password) {
  ENSURE(sodium_init() >= 0, "libsodium works");
  char text[crypto_pwhash_STRBYTES];
  ENSURE(crypto_pwhash_str_alg(text, password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                               crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) == 0,
         "there is memory for a password's hash");
  return text;
}

bool is_password(const std::string& hash, std::string_view password) {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace operations
