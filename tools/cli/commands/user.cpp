// Users of the gateway. Passwords come from standard input or a file that only its owner may read, never from the
// command line, where every process sees them.
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "api_client/credentials.hpp"
#include "tools/cli/commands/commands.hpp"
#include "tools/operations/users.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

constexpr const char* kSchema = "dropledger.user-change/1";

// Typed characters are not shown while this lives.
class NoEcho {
 public:
  NoEcho() {
    shown_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!shown_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~NoEcho() {
    if (shown_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool shown_ = false;
};

struct PasswordOption {
  std::string file;
  void bind(CLI::App& app) {
    app.add_option("--password-file", file,
                   "File whose first line is the password; only its owner may read it (default: standard input)")
        ->type_name("FILE");
  }
  std::string read() const {
    std::string text;
    if (file.empty() || file == "-") {
      std::optional<NoEcho> hidden;
      if (::isatty(STDIN_FILENO) != 0) {
        std::cerr << "password: " << std::flush;
        hidden.emplace();
      }
      std::getline(std::cin, text);
      if (hidden) std::cerr << '\n';
    } else {
      text = value_or_throw(api_client::read_private_file(file, "the password file", 4096));
      text.resize(std::min(text.find('\n'), text.size()));
    }
    if (text.ends_with('\r')) text.pop_back();
    return text;
  }
};

struct Login {
  std::string login;
  void bind(CLI::App& app) { app.add_option("login", login, "Login of the user")->type_name("LOGIN")->required(); }
};

struct Add : Login {
  std::string account;
  PasswordOption password;
  void bind(CLI::App& app) {
    Login::bind(app);
    app.add_option("--account", account, "Account whose backorders and money this user sees and moves")
        ->type_name("NAME")
        ->required();
    password.bind(app);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const operations::Reply reply =
        value_or_throw(operations::add_user(context, session.request(), login, account, password.read()));
    session.answer(reply, kSchema, "user " + login + " may call the gateway for account " + account);
    return 0;
  }
};

struct Password : Login {
  PasswordOption password;
  void bind(CLI::App& app) {
    Login::bind(app);
    password.bind(app);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    session.answer(value_or_throw(operations::change_password(context, session.request(), login, password.read())),
                   kSchema, "user " + login + " has a new password; sessions begun with the old one have ended");
    return 0;
  }
};

template <bool enabled>
struct Switch : Login {
  int run(Session& session) const {
    session.answer(value_or_throw(operations::enable_user(session.context(), session.request(), login, enabled)),
                   kSchema, "user " + login + (enabled ? " may call the gateway again" : " is shut out"));
    return 0;
  }
};

struct Remove : Login {
  int run(Session& session) const {
    session.answer(value_or_throw(operations::remove_user(session.context(), session.request(), login)), kSchema,
                   "user " + login + " is gone; the account stays");
    return 0;
  }
};

struct List {
  std::string account;
  void bind(CLI::App& app) { app.add_option("--account", account, "Only this account")->type_name("NAME"); }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_read_only();
    std::optional<engine::CustomerId> only;
    if (!account.empty()) only = session.account(account).id;
    render::Table table;
    table.schema = "dropledger.users/1";
    table.columns = {{"login"},
                     {"account"},
                     {"enabled"},
                     {"made_at", "", render::Kind::time},
                     {"changed_at", "", render::Kind::time}};
    table.when_empty = "No users yet; see 'user add --help'.";
    for (const engine::User& user : store.users()) {
      if (only && user.customer != *only) continue;
      table.add(user.login, store.customer(user.customer).value().name, user.enabled ? "yes" : "no", user.created_at,
                user.changed_at);
    }
    session.print(table);
    return 0;
  }
};

}  // namespace

void add_user_commands(CommandLine& line) {
  CLI::App* group = add_group(line.app, "user", "Users of the gateway ('serve'), each with an account");
  add_command<Add>(line, *group, "add", "Lets a user call the gateway for an account",
                   "  dropledger user add north.user --account alice --password-file secret.txt\n"
                   "  pass show north | dropledger user add 'north.user!billing' --account alice");
  add_command<List>(line, *group, "list", "Lists users with their accounts", "  dropledger user list --account alice");
  add_command<Password>(line, *group, "passwd", "Changes the password of a user; their sessions end",
                        "  dropledger user passwd north.user --password-file secret.txt");
  add_command<Switch<false>>(line, *group, "disable", "Locks a user out; their sessions end",
                             "  dropledger user disable north.user");
  add_command<Switch<true>>(line, *group, "enable", "Lets a user in again", "  dropledger user enable north.user");
  add_command<Remove>(line, *group, "remove", "Removes a user; account, backorders and history stay",
                      "  dropledger user remove north.user");
}

}  // namespace cli
