// The manual: the program, one command, a page on a topic, and what is made of the same text: commands.md, man pages.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/help/help_text.hpp"
#include "tools/cli/help/man_page.hpp"
#include "tools/cli/help/manual.hpp"
#include "tools/cli/help/markdown.hpp"
#include "tools/cli/help/wrap.hpp"
#include "tools/cli/pager.hpp"
#include "tools/cli/usage_error.hpp"
#include "tools/render/terminal.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

// Of a man page: SOURCE_DATE_EPOCH where the same input must give the same bytes, else today.
std::string page_date() {
  engine::UtcTime at = system_now();
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH"); epoch != nullptr && *epoch != '\0')
    at = engine::UtcTime(std::chrono::seconds(std::strtoll(epoch, nullptr, 10)));
  return engine::to_string(engine::day_of(at));
}

struct Help {
  const CLI::App* root = nullptr;
  std::vector<std::string> words;
  bool markdown = false, man_list = false;
  std::string man;

  void bind(CLI::App& app) {
    root = app.get_parent();
    app.add_option("topic", words, "Command, such as account open, or page of the manual, such as rules")
        ->type_name("TOPIC");
    app.add_flag("--markdown", markdown, "Print every command as Markdown: the page tools/cli/commands.md");
    app.add_option("--man", man, "Print this man page as roff, e.g. dropledger-account.1")->type_name("PAGE");
    app.add_flag("--man-list", man_list, "Print the names of the man pages");
  }

  int run(Session& session) const {
    if (markdown) {
      std::cout << help_markdown(*root);
    } else if (man_list) {
      for (const std::string& name : man_page_names(*root)) std::cout << name << '\n';
    } else if (!man.empty()) {
      const auto page = man_page(*root, man, page_date());
      if (!page) refuse("there is no man page '" + man + "'; 'dropledger help --man-list' prints their names");
      std::cout << *page;
    } else {
      const Pager pager(session.globals());
      std::cout << text(session.globals());
      std::cout.flush();
    }
    return 0;
  }

 private:
  [[noreturn]] static void refuse(std::string why) {
    throw CommandError{Error{ErrorCode::invalid_argument, std::move(why)}};
  }

  std::string text(const Globals& globals) const {
    if (words.empty()) return help_text(page_of(*root), help_width()) + "\n" + topics();
    // A word may be both: a noun of commands, and a page on what stands behind them.
    std::string found;
    if (const CLI::App* command = find_command(*root, words)) found = help_text(page_of(*command), help_width());
    const auto pages = manual_pages();
    const auto page = std::ranges::find(pages, words.size() == 1 ? words.front() : "", &ManualPage::topic);
    if (page != pages.end()) {
      found +=
          (found.empty() ? "" : "\n") +
          markdown_as_text(page->text, help_width(), value_or_throw(render::use_color(globals.color, STDOUT_FILENO)));
    }
    if (!found.empty()) return found;
    std::string typed;
    for (const std::string& word : words) typed += (typed.empty() ? "" : " ") + word;
    std::vector<Choice> choices;
    for (const ManualPage& one : pages)
      choices.push_back({std::string(one.topic), "dropledger help " + std::string(one.topic)});
    add_commands(*root, "", choices);
    refuse("there is neither a command nor a page of the manual called '" + typed + "'" + suggestion(typed, choices));
  }

  static void add_commands(const CLI::App& app, const std::string& path, std::vector<Choice>& choices) {
    for (const CLI::App* command : commands_below(app)) {
      const std::string whole = path + command->get_name();
      choices.push_back({whole, "dropledger help " + whole});
      add_commands(*command, whole + " ", choices);
    }
  }

  static std::string topics() {
    std::string names;
    for (const ManualPage& page : manual_pages()) names += (names.empty() ? "" : ", ") + std::string(page.topic);
    std::string out;
    append_wrapped(out, "Pages of the manual (dropledger help TOPIC): " + names, 0, 2, help_width());
    return out + "\n";
  }
};

}  // namespace

void add_help_commands(CommandLine& line) {
  add_command<Help>(line, line.app, "help", "Explains a command or a topic of the manual",
                    "  dropledger help backorder place\n  dropledger help rules\n"
                    "  dropledger help --man dropledger.1 | man -l -");
}

}  // namespace cli
