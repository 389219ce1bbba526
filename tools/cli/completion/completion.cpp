#include "tools/cli/completion/completion.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "tools/cli/help/command_page.hpp"
#include "tools/cli/help/manual.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

// Names of options and arguments that mean the same everywhere.
const std::map<std::string_view, ValueKind>& kinds() {
  static const std::map<std::string_view, ValueKind> kKinds = {
      {"account", ValueKind::account},      {"zone", ValueKind::zone},      {"backorder", ValueKind::backorder},
      {"backorders", ValueKind::backorder}, {"case", ValueKind::open_case}, {"login", ValueKind::user},
      {"source", ValueKind::source},        {"topic", ValueKind::topic},
  };
  return kKinds;
}

std::string plain_name(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true);
  return option.get_lnames().empty() ? "" : option.get_lnames().front();
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// Where the words lead: the command, and what the last word is to be.
struct Place {
  const CLI::App* command;
  const CLI::Option* value_of = nullptr;  // the option whose value it is, or the argument
  std::string prefix{};                   // what stands before the value in the same word: "--format="
  std::string begun{};                    // the part of the value that is typed already
  std::string db{};                       // --db among the words
  bool has_arguments = false;             // no command follows
  bool only_values = false;               // behind "--", or an option's value: no options, no commands
};

const CLI::Option* option_named(const CLI::App& command, const std::string& name) {
  for (const CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
    if (const CLI::Option* option = at->get_option_no_throw(name)) return option;
  }
  return nullptr;
}

// The argument that follows `given` others; the last one takes all that come.
const CLI::Option* argument_at(const CLI::App& command, std::size_t given) {
  const CLI::Option* last = nullptr;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    last = option;
    if (given == 0) return option;
    --given;
  }
  return last != nullptr && last->get_items_expected_max() > 1 ? last : nullptr;
}

Place place_of(const CLI::App& root, const std::vector<std::string>& words) {
  Place place{.command = &root};
  std::size_t given = 0;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    const bool is_last = at + 1 == words.size();
    if (word == "--" && !is_last && !place.only_values) {
      place.only_values = true;
      continue;
    }
    const bool is_option = !place.only_values && word.size() > 1 && word.starts_with('-');
    const std::size_t equals = word.find('=');
    if (is_option && word.starts_with("--") && equals != std::string::npos) {
      const CLI::Option* option = option_named(*place.command, word.substr(0, equals));
      if (is_last) {
        place.value_of = option;
        place.prefix = word.substr(0, equals + 1);
        place.begun = word.substr(equals + 1);
        place.only_values = true;
      } else if (word.starts_with("--db=")) {
        place.db = word.substr(5);
      }
    } else if (is_last) {
      place.begun = word;
      place.value_of = argument_at(*place.command, given);
    } else if (is_option) {
      const CLI::Option* option = option_named(*place.command, word);
      if (option == nullptr || !takes_value(*option)) continue;
      if (at + 2 == words.size()) {  // the last word is its value
        place.value_of = option;
        place.begun = words.back();
        place.only_values = true;
        return place;
      }
      if (word == "--db") place.db = words[at + 1];
      ++at;
    } else if (const CLI::App* below = find_command(*place.command, {word});
               below != nullptr && !place.only_values && given == 0) {
      place.command = below;
    } else {
      ++given;
      place.has_arguments = true;
    }
  }
  return place;
}

class Collector {
 public:
  Collector(const Place& place, std::size_t limit) : place_(place), limit_(limit) {}
  void add(std::string word, std::string meaning = "") {
    if (word.starts_with(place_.begun) && found_.candidates.size() < limit_)
      found_.candidates.push_back({place_.prefix + word, std::move(meaning)});
  }
  bool is_full() const { return found_.candidates.size() >= limit_; }
  Completion take(bool files) {
    found_.files = files;
    return std::move(found_);
  }

 private:
  const Place& place_;
  std::size_t limit_;
  Completion found_;
};

void add_options(const CLI::App& command, Collector& into) {
  for (const CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      if (option->get_positional() || option->get_group().empty()) continue;
      for (const std::string& name : option->get_lnames()) into.add("--" + name, option->get_description());
    }
  }
}

void add_open_backorders(engine::LedgerReader& store, const std::string& begun, std::size_t limit, Collector& into) {
  engine::BackorderQuery query;
  query.open = true;
  query.limit = static_cast<std::int64_t>(begun.empty() ? limit : 0);
  store.each_backorder(query, [&](const engine::Backorder& one) {
    if (!into.is_full())
      into.add(std::to_string(one.id.value()), one.name.ace() + ", " + std::string(to_word(one.state)));
  });
}

void add_from_book(engine::LedgerReader& store, ValueKind kind, const std::string& begun, std::size_t limit,
                   Collector& into) {
  switch (kind) {
    case ValueKind::account: {
      std::vector<std::string> names = store.names_of_customers();
      std::ranges::sort(names);
      for (std::string& name : names) into.add(std::move(name));
      return;
    }
    case ValueKind::zone: {
      std::set<std::string> zones;
      for (const engine::Price& price : store.price_list().rows()) zones.insert(price.zone);
      for (const engine::ZoneSchedule& row : store.schedules().rows()) zones.insert(row.zone);
      zones.erase("");
      for (const std::string& zone : zones) into.add(zone);
      return;
    }
    case ValueKind::backorder:
      add_open_backorders(store, begun, limit, into);
      return;
    case ValueKind::open_case:
      for (const engine::Case& one : store.cases({}))
        into.add(std::to_string(one.id.value()), std::string(to_word(one.kind)) + " " + one.subject);
      return;
    case ValueKind::user:
      for (const engine::User& user : store.users()) into.add(user.login);
      return;
    case ValueKind::source: {
      std::set<std::string> sources;
      for (const engine::Source& source : store.sources()) sources.insert(source.name);
      for (const engine::ExternalStatement& statement : store.external_statements()) sources.insert(statement.source);
      for (const std::string& source : sources) into.add(source);
      return;
    }
    case ValueKind::none:
    case ValueKind::file:
    case ValueKind::choice:
    case ValueKind::setting:
    case ValueKind::topic:
      return;
  }
}

void add_values(const CLI::App& root, const Place& place, BookOpener& book, std::size_t limit, Collector& into) {
  switch (const ValueKind kind = value_kind(*place.value_of)) {
    case ValueKind::none:
    case ValueKind::file:
      return;
    case ValueKind::choice:
      for (const std::string& word : choices_of(*place.value_of)) into.add(word);
      return;
    case ValueKind::setting:
      for (const operations::SettingInfo& one : operations::list_settings(engine::Settings{}))
        into.add(one.name, one.meaning);
      return;
    case ValueKind::topic:
      for (const ManualPage& page : manual_pages()) into.add(std::string(page.topic));
      for (const CLI::App* command : commands_below(root)) into.add(command->get_name(), command->get_description());
      return;
    case ValueKind::account:
    case ValueKind::zone:
    case ValueKind::backorder:
    case ValueKind::open_case:
    case ValueKind::user:
    case ValueKind::source:
      add_from_book(book.open(place.db), kind, place.begun, limit, into);
  }
}

}  // namespace

ValueKind value_kind(const CLI::Option& option) {
  if (!choices_of(option).empty()) return ValueKind::choice;
  const std::string type = option.get_type_name(), name = plain_name(option);
  if (type == "FILE") return ValueKind::file;
  if (type == "SETTING") return ValueKind::setting;
  const auto found = kinds().find(name);
  return found == kinds().end() ? ValueKind::none : found->second;
}

Completion complete(const CLI::App& root, const std::vector<std::string>& words, BookOpener& book, std::size_t limit) {
  const Place place = place_of(root, words);
  Collector into(place, limit);
  if (!place.only_values && place.begun.starts_with('-')) {
    add_options(*place.command, into);
    return into.take(false);
  }
  if (!place.only_values && !place.has_arguments) {
    for (const CLI::App* command : commands_below(*place.command))
      into.add(command->get_name(), command->get_description());
  }
  if (place.value_of == nullptr) return into.take(false);
  add_values(root, place, book, limit, into);
  return into.take(value_kind(*place.value_of) == ValueKind::file);
}

}  // namespace cli
