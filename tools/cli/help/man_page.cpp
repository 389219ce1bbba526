#include "tools/cli/help/man_page.hpp"

#include <algorithm>

#include "tools/cli/config_file.hpp"
#include "tools/cli/help/manual.hpp"
#include "tools/cli/help/markdown.hpp"

namespace cli {
namespace {

constexpr std::string_view kFormats = "dropledger-formats.5";
constexpr std::string_view kConfig = "dropledger-config.5";
// The page from which dropledger-formats.5 is made.
constexpr std::string_view kFormatTopics[] = {"formats", "lists"};

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

std::string title_of(const CLI::App& root) { return root.version(); }  // "dropledger 0.1.0"

// `name` is "dropledger-account", `what` what stands behind the dash of its NAME section.
std::string head(const CLI::App& root, std::string_view name, char section, std::string_view what,
                 std::string_view date) {
  return "'\\\" -*- coding: UTF-8 -*-\n.\\\" Written by 'dropledger help --man'.\n.TH " + upper(name) + " " + section +
         " " + std::string(date) + " \"" + title_of(root) + "\" \"dropledger\"\n.ad l\n.SH NAME\n" + roff_text(name) +
         " \\- " + roff_text(what) + "\n";
}

std::string lower_first(std::string text) {
  if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z' && text[0] >= 'A' && text[0] <= 'Z')
    text[0] = static_cast<char>(text[0] + 32);
  return text;
}

std::string bold(std::string_view text) { return "\\fB" + roff_text(text) + "\\fR"; }

std::string entries(const std::vector<OptionText>& options) {
  std::string out;
  for (const OptionText& option : options) {
    if (option.names == "-h, --help") continue;
    out += ".TP\n" + bold(option.names) + (option.value.empty() ? "" : " \\fI" + roff_text(option.value) + "\\fR") +
           "\n" + roff_text(option.meaning) + ".\n";
  }
  return out;
}

// Begins with ".PP".
std::string code(const std::string& lines) { return markdown_as_roff("```\n" + lines + "\n```\n", false); }

std::string see_also(std::string_view name, const std::vector<std::string>& names) {
  std::string out = ".SH SEE ALSO\n";
  std::vector<std::string> shown;
  for (const std::string& one : names) {
    if (one == name) continue;
    const std::size_t dot = one.rfind('.');
    shown.push_back(".BR " + roff_text(one.substr(0, dot)) + " (" + one.substr(dot + 1) + ")");
  }
  for (std::size_t i = 0; i < shown.size(); ++i) out += shown[i] + (i + 1 < shown.size() ? " ,\n" : "\n");
  return out;
}

// One command below a noun, or the noun itself where it is a command.
std::string command_section(const CommandPage& page) {
  std::string out = roff_text(page.summary) + ".\n.PP\n" + bold(page.usage()) + "\n";
  out += entries(page.arguments) + entries(page.options);
  if (!page.examples.empty()) out += ".PP\nExamples:\n" + code(page.examples);
  return out;
}

std::string noun_page(const CLI::App& root, const CLI::App& noun, std::string_view date) {
  const CommandPage page = page_of(noun);
  const std::string name = "dropledger-" + noun.get_name();
  std::string out = head(root, name, '1', lower_first(page.summary), date);
  out += ".SH SYNOPSIS\n" + bold(page.usage()) + "\n";
  if (page.commands.empty()) {
    out += ".SH DESCRIPTION\n" + command_section(page);
  } else {
    out += ".SH COMMANDS\n";
    for (const CLI::App* command : commands_below(noun)) {
      const CommandPage below = page_of(*command);
      out += ".SS \"" + roff_text(below.path) + "\"\n" + command_section(below);
    }
  }
  return out + ".PP\nOptions of every command are described in\n.BR dropledger (1).\n" +
         see_also(name + ".1", {"dropledger.1", std::string(kFormats), std::string(kConfig)});
}

std::string program_page(const CLI::App& root, std::string_view date) {
  const CommandPage page = page_of(root);
  std::string out = head(root, "dropledger", '1', "ledger of accounts and deposits for domain backorders", date);
  out += ".SH SYNOPSIS\n" + bold("dropledger [OPTIONS] COMMAND") + "\n.SH DESCRIPTION\n" + roff_text(page.summary) +
         "\n.SH COMMANDS\n";
  std::string group;
  for (const CommandText& command : page.commands) {
    if (command.group != group) out += ".SS \"" + roff_text(command.group) + "\"\n";
    group = command.group;
    out += ".TP\n" + bold(command.name) + "\n" + roff_text(command.summary) + ".\n";
  }
  out += ".SH OPTIONS\n" + entries(page.options) + ".SH NOTES\n" + code(page.examples).substr(4);
  std::vector<std::string> others = man_page_names(root);
  return out + see_also("dropledger.1", others);
}

std::string formats_page(const CLI::App& root, std::string_view date) {
  std::string out = head(root, "dropledger-formats", '5', "files that dropledger reads and prints", date);
  for (const std::string_view topic : kFormatTopics) {
    const auto pages = manual_pages();
    const auto page = std::ranges::find(pages, topic, &ManualPage::topic);
    if (page == pages.end()) continue;
    const std::vector<Block> blocks = parse_markdown(page->text);
    if (!blocks.empty() && blocks.front().kind == Block::Kind::heading)
      out += ".SH \"" + roff_text(upper(blocks.front().text)) + "\"\n";
    out += markdown_as_roff(page->text, true);
  }
  return out + see_also(kFormats, {"dropledger.1", std::string(kConfig)});
}

std::string config_page(const CLI::App& root, std::string_view date) {
  return head(root, "dropledger-config", '5', "configuration file of dropledger", date) +
         markdown_as_roff(config_file_page(root), true) +
         see_also(kConfig, {"dropledger.1", "dropledger-config.1", std::string(kFormats)});
}

}  // namespace

std::vector<std::string> man_page_names(const CLI::App& root) {
  std::vector<std::string> names{"dropledger.1"};
  for (const CLI::App* noun : commands_below(root)) names.push_back("dropledger-" + noun->get_name() + ".1");
  names.emplace_back(kFormats);
  names.emplace_back(kConfig);
  return names;
}

std::optional<std::string> man_page(const CLI::App& root, std::string_view name, std::string_view date) {
  if (name == kFormats) return formats_page(root, date);
  if (name == kConfig) return config_page(root, date);
  if (name == "dropledger.1") return program_page(root, date);
  for (const CLI::App* noun : commands_below(root)) {
    if (name == "dropledger-" + noun->get_name() + ".1") return noun_page(root, *noun, date);
  }
  return std::nullopt;
}

}  // namespace cli
