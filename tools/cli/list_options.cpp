#include "tools/cli/list_options.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>

namespace cli {

using engine::Error;
using engine::ErrorCode;

const formats::Description& description_named(Session& session, formats::FormatKind kind, const std::string& name) {
  if (const formats::Description* builtin = formats::find_builtin(kind, name)) return *builtin;
  if (!name.ends_with(".toml")) {
    std::string known;
    for (const formats::Description& one : formats::builtin_descriptions()) {
      if (one.kind == kind) known += (known.empty() ? "" : ", ") + one.name;
    }
    throw CommandError{Error{ErrorCode::invalid_argument, "there is no format '" + name + "'; there are " + known +
                                                              ", or a file of your own that ends in .toml"}};
  }
  static std::deque<formats::Description> own;  // one command reads a few
  own.push_back(value_or_throw(
      formats::parse_description(session.read_input(name), std::filesystem::path(name).stem().string())));
  if (own.back().kind != kind)
    throw CommandError{
        Error{ErrorCode::invalid_argument, "'" + name + "' describes a " +
                                               (own.back().kind == formats::FormatKind::list ? "list" : "statement") +
                                               ", not what is read here"}};
  return own.back();
}

void ListOptions::bind(CLI::App& app) {
  app.add_option("--as", as_, "The format: a name of 'formats list', or a TOML file of your own (default: found out)")
      ->type_name("FORMAT");
  app.add_option("--date", date_, "The date of every name in the list, where its rows have none")->type_name("TIME");
  app.add_option("--encoding", encoding_, "Encoding of the text, where no byte order mark says it (default: utf-8)")
      ->type_name("NAME");
  app.add_option("--layout", layout_, "How the list is written, where no format fits")
      ->check(CLI::IsMember({"detect", "provider", "csv", "names"}))
      ->capture_default_str();
}

formats::ListFormat ListOptions::format(Session& session, const std::string& file,
                                        std::optional<engine::DateIs> date_is) const {
  formats::ListFormat format;
  format.file_name = file == "-" ? "" : file;
  format.date_is = date_is;
  if (layout_ != "detect") format.layout = value_or_throw(formats::parse_list_layout(layout_));
  if (!as_.empty()) format.description = &description_named(session, formats::FormatKind::list, as_);
  if (!encoding_.empty()) format.encoding = value_or_throw(formats::parse_encoding(encoding_));
  if (!date_.empty()) {
    if (const auto day = engine::parse_day(date_)) {
      format.date = day.value();
    } else {
      format.date = session.instant(date_);
    }
  }
  return format;
}

void note_list(const Session& session, const std::string& file, const formats::DeletionList& list) {
  constexpr std::size_t kShown = 20;
  for (const formats::ListPart& part : list.parts) {
    const std::string where = list.parts.size() == 1 ? file : file + " (" + part.file + ")";
    std::string how = where + ": read as " + part.format + (part.recognised ? ", recognised by itself" : "");
    if (part.passed_over > 0) how += "; lines passed over: " + std::to_string(part.passed_over);
    session.note(how);
  }
  for (const std::string& name : list.passed_over) session.note(file + ": passed over " + name);
  for (std::size_t i = 0; i < std::min(kShown, list.bad.size()); ++i)
    session.note(file + ":" + std::to_string(list.bad[i].line) + ": " + list.bad[i].why + ": " + list.bad[i].text);
  if (list.bad_count > kShown)
    session.note(file + ": and " + std::to_string(list.bad_count - kShown) + " more rows that cannot be read");
}

}  // namespace cli
