// Users of the gateway, each for one account. Passwords are hashed with Argon2id before anything is stored.
#pragma once

#include <string>
#include <string_view>

#include "tools/operations/context.hpp"

namespace operations {

inline constexpr std::size_t kShortestPassword = 8;
inline constexpr std::size_t kLongestPassword = 1024;

// Facts: user, account. invalid_argument (login, password), account_not_found, user_exists.
// A login is letters, digits and . - _ @, at most 64; a role's is the account's login, '!', and the role's name:
// "north.user!billing".
engine::Result<Reply> add_user(const Context& context, const RequestKey& request, const std::string& login,
                               const std::string& account, const std::string& password);
// Sessions that were begun with the old password end. Facts: user.
engine::Result<Reply> change_password(const Context& context, const RequestKey& request, const std::string& login,
                                      const std::string& password);
engine::Result<Reply> enable_user(const Context& context, const RequestKey& request, const std::string& login,
                                  bool enabled);
engine::Result<Reply> remove_user(const Context& context, const RequestKey& request, const std::string& login);

// Argon2id, 64 MiB and two passes: a tenth of a second, which is what makes guessing dear. Never in a unit of work, nor
// where others wait.
std::string hash_password(const std::string& password);
bool is_password(const std::string& hash, std::string_view password);

}  // namespace operations
