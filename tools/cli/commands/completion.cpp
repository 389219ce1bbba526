// Completion in the shell: the scripts, and what they ask.
#include "tools/cli/completion/completion.hpp"

#include <chrono>
#include <iostream>
#include <set>

#include "storage/store.hpp"
#include "tools/cli/commands/commands.hpp"

namespace cli {
namespace {

struct Script {
  std::string shell;
  void bind(CLI::App& app) {
    app.add_option("shell", shell, "The shell")->check(CLI::IsMember({"bash", "zsh", "fish"}))->required();
  }
  int run(Session&) const {
    std::cout << completion_script(shell);
    return 0;
  }
};

// Opens the book of the words at hand, else that of the configuration.
class SessionBook : public BookOpener {
 public:
  explicit SessionBook(const Globals& globals) : globals_(globals) {}
  engine::LedgerReader& open(const std::string& db) override {
    store_ = storage::open_reader(db.empty() ? globals_.book : db, std::chrono::milliseconds(100));
    return *store_;
  }

 private:
  const Globals& globals_;
  std::unique_ptr<engine::LedgerReader> store_;
};

// Silent on every error: a shell that shows one at the tab key would spoil the line.
struct Complete {
  const CLI::App* root = nullptr;
  std::vector<std::string> words;
  void bind(CLI::App& app) {
    root = app.get_parent();
    app.add_option("words", words, "What was typed so far, behind --; the last one may be empty");
    app.group("");
  }
  int run(Session& session) const {
    constexpr std::size_t most = 200;
    try {
      SessionBook book(session.globals());
      const Completion found = complete(*root, words.empty() ? std::vector<std::string>{""} : words, book, most);
      std::set<std::string> told;  // a command and a page of the manual may have one name
      for (const Candidate& one : found.candidates) {
        if (told.insert(one.word).second)
          std::cout << one.word << (one.meaning.empty() ? "" : "\t" + one.meaning) << '\n';
      }
      if (found.files) std::cout << ":files\n";
    } catch (const std::exception&) {
      return 0;
    } catch (const CommandError&) {
      return 0;
    }
    return 0;
  }
};

}  // namespace

void add_completion_commands(CommandLine& line) {
  add_command<Script>(line, line.app, "completion", "Prints the script by which a shell completes words of dropledger",
                      "  eval \"$(dropledger completion bash)\"   # in ~/.bashrc\n"
                      "  dropledger completion fish > ~/.config/fish/completions/dropledger.fish");
  add_command<Complete>(line, line.app, "complete", "Prints what may stand at the cursor, for completion scripts", "");
}

}  // namespace cli
