// QueryDomainPendingDeleteList: which names drop, and until when they can be placed.
#include <algorithm>
#include <charconv>
#include <numeric>
#include <random>

#include "tools/gateway/commands.hpp"
#include "tools/gateway/drop_catalogue.hpp"

namespace gateway {

DropCatalogue::Names DropCatalogue::names(engine::LedgerReader& store) {
  const std::lock_guard lock(mutex_);
  const std::int64_t newest = store.last_list();
  if (names_ && newest == last_list_) return names_;
  std::vector<ListedName> names;
  const engine::Schedules& schedules = store.schedules();
  store.each_listed(engine::ListedQuery{}, [&](const engine::ListedRow& row) {
    if (row.listed.missing) return;
    const engine::Drop drop = engine::drop_of({row.source.id, row.listed.drop_at, row.listed.finalization_at},
                                              schedules.of(row.listed.name.ace()));
    names.push_back({row.listed.name.ace(), drop.deadline, drop.drop_at});
  });
  std::ranges::sort(names, [](const ListedName& a, const ListedName& b) {
    return std::tie(a.ace, a.deadline) < std::tie(b.ace, b.deadline);
  });
  const auto same_name = [](const ListedName& a, const ListedName& b) { return a.ace == b.ace; };
  names.erase(std::unique(names.begin(), names.end(), same_name), names.end());
  std::ranges::sort(names, [](const ListedName& a, const ListedName& b) {
    return std::tie(a.deadline, a.ace) < std::tie(b.deadline, b.ace);
  });
  names_ = std::make_shared<const std::vector<ListedName>>(std::move(names));
  last_list_ = newest;
  return names_;
}

namespace {

std::string_view label_of(const ListedName& listed) {
  return std::string_view(listed.ace).substr(0, listed.ace.find('.'));
}
std::string zone_of(const ListedName& listed) { return zone_word(engine::parent_zone(listed.ace)); }

constexpr std::size_t kMostOfOne = 100;  // each is looked for in every name

struct DropFilter {
  std::vector<std::string> keywords{}, zones{}, deletion_days{}, finalizations{};
  bool all_keywords = true;
  enum class Place : std::uint8_t { any, begin, end } place = Place::any;
  std::vector<std::int64_t> lengths{}, scores{};
  bool no_hyphens = false, no_numbers = false, no_idns = false;
  engine::UtcTime from{}, to = engine::UtcTime::max();

  bool matches_keyword(std::string_view label, const std::string& keyword) const {
    switch (place) {
      case Place::any:
        return label.find(keyword) != std::string_view::npos;
      case Place::begin:
        return label.starts_with(keyword);
      case Place::end:
        return label.ends_with(keyword);
    }
    return false;
  }
  bool passes(const ListedName& listed) const {
    const std::string_view label = label_of(listed);
    const bool idn = label.starts_with("xn--");
    if (no_idns && idn) return false;
    if (no_hyphens && label.find('-') != std::string_view::npos) return false;
    if (no_numbers && label.find_first_of("0123456789") != std::string_view::npos) return false;
    if (!lengths.empty() && std::ranges::find(lengths, static_cast<std::int64_t>(label.size())) == lengths.end())
      return false;
    // nothing is scored here: every row has 0
    if (!scores.empty() && std::ranges::find(scores, 0) == scores.end()) return false;
    if (!keywords.empty()) {
      const auto fits = [&](const std::string& keyword) { return matches_keyword(label, keyword); };
      if (all_keywords ? !std::ranges::all_of(keywords, fits) : std::ranges::none_of(keywords, fits)) return false;
    }
    if (!zones.empty() && std::ranges::find(zones, zone_of(listed)) == zones.end()) return false;
    const auto begins = [](const std::vector<std::string>& wanted, const std::string& text) {
      return wanted.empty() ||
             std::ranges::any_of(wanted, [&](const std::string& one) { return text.starts_with(one); });
    };
    if (!deletion_days.empty() && !begins(deletion_days, engine::to_string(engine::day_of(listed.drop_at))))
      return false;
    return finalizations.empty() || begins(finalizations, engine::to_wire_string(listed.deadline));
  }
};

std::variant<DropFilter, Answer> filter_of(const Command& command) {
  DropFilter filter;
  for (const char* const parameter :
       {"KEYWORD", "DELETIONDAY", "FINALIZATIONDATE", "ZONE", "LENGTH", "SCORE", "FILTER"}) {
    if (command.indexed(parameter).size() > kMostOfOne)
      return refuse(505, std::string(parameter) + ": at most " + std::to_string(kMostOfOne));
  }
  if (command.find("REGEXP")) return refuse(541, "REGEXP is not offered: use KEYWORD0, KEYWORDMATCH");
  const auto lower = [](std::string_view text) {
    std::string word(text);
    for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return word;
  };
  const auto texts = [&](const char* parameter, std::vector<std::string>& into) {
    for (const std::string_view text : command.indexed(parameter)) {
      if (!text.empty()) into.push_back(lower(text));
    }
  };
  texts("KEYWORD", filter.keywords);
  texts("DELETIONDAY", filter.deletion_days);
  texts("FINALIZATIONDATE", filter.finalizations);
  for (const std::string_view zone : command.indexed("ZONE")) {
    if (!zone.empty()) filter.zones.push_back(zone_word(zone));
  }
  for (const auto& [parameter, into] : {std::pair{"LENGTH", &filter.lengths}, {"SCORE", &filter.scores}}) {
    for (const std::string_view text : command.indexed(parameter)) {
      std::int64_t number = 0;
      const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc{} || stop != text.data() + text.size()) return refuse(505, parameter);
      into->push_back(number);
    }
  }
  for (const std::string_view word : command.indexed("FILTER")) {
    if (matches("NOHYPHENS", word))
      filter.no_hyphens = true;
    else if (matches("NONUMBERS", word))
      filter.no_numbers = true;
    else if (matches("NOIDNS", word))
      filter.no_idns = true;
    else if (!word.empty())
      return refuse(541, "FILTER: NOHYPHENS, NONUMBERS, NOIDNS");
  }
  if (const auto word = command.find("KEYWORDCATENATION"); word && !word->empty()) {
    if (!matches("AND", *word) && !matches("OR", *word)) return refuse(541, "KEYWORDCATENATION: AND, OR");
    filter.all_keywords = matches("AND", *word);
  }
  if (const auto word = command.find("KEYWORDMATCH"); word && !word->empty()) {
    if (matches("BEGIN", *word))
      filter.place = DropFilter::Place::begin;
    else if (matches("END", *word))
      filter.place = DropFilter::Place::end;
    else if (!matches("ANY", *word))
      return refuse(541, "KEYWORDMATCH: BEGIN, END, ANY");
  }
  for (const auto& [parameter, bound] :
       {std::pair{"MINFINALIZATIONDATE", &filter.from}, {"MAXFINALIZATIONDATE", &filter.to}}) {
    const auto text = command.find(parameter);
    if (!text || text->empty()) continue;
    const engine::Result<engine::UtcTime> time = engine::parse_time(*text);
    if (!time) return refuse(505, parameter);
    *bound = time.value();
  }
  return filter;
}

}  // namespace

Answer query_drops(Services& desk, const Call& call) {
  const std::optional<Window> window = window_of(call.command, 1'000);
  if (!window) return refuse(505, "FIRST, LIMIT");
  const auto parsed = filter_of(call.command);
  if (const Answer* refused = std::get_if<Answer>(&parsed)) return *refused;
  const DropFilter& filter = std::get<DropFilter>(parsed);
  const auto [order, descending] = order_of(call.command);
  if (!order.empty() && order != "NAME" && order != "DOMAIN" && order != "DELETIONDAY" && order != "FINALIZATIONDATE" &&
      order != "SCORE" && order != "RANDOM") {
    return refuse(541, "ORDERBY: NAME, DELETIONDAY, FINALIZATIONDATE, SCORE, RANDOM");
  }
  const DropCatalogue::Names names = desk.catalogue.names(call.store);
  // Only what can still be placed.
  const auto first_open = std::ranges::lower_bound(*names, std::max(call.now, filter.from), {}, &ListedName::deadline);
  const auto end = filter.to == engine::UtcTime::max()
                       ? names->end()
                       : std::ranges::upper_bound(first_open, names->end(), filter.to, {}, &ListedName::deadline);
  std::vector<const ListedName*> found;
  for (auto listed = first_open; listed != end; ++listed) {
    if (filter.passes(*listed)) found.push_back(&*listed);
  }
  if (order == "NAME" || order == "DOMAIN")
    std::ranges::sort(found, {}, [](const ListedName* listed) -> const std::string& { return listed->ace; });
  if (order == "DELETIONDAY")
    std::ranges::stable_sort(found, {}, [](const ListedName* listed) { return listed->drop_at; });
  if (order == "RANDOM") std::ranges::shuffle(found, std::mt19937(std::random_device{}()));
  if (descending) std::ranges::reverse(found);
  const auto total = static_cast<std::int64_t>(found.size());
  const std::int64_t first = std::min(window->first, total);
  const std::int64_t count = std::min(window->limit, total - first);
  Answer answer;
  for (const char* column : {"DOMAIN", "FINALIZATIONDATE", "SCORE", "SUBCLASS"}) answer.add("COLUMN", column);
  add_window(answer, *window, count, total);
  for (const ListedName* listed :
       std::span(found).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count))) {
    answer.add("DOMAIN", listed->ace);
    answer.add("FINALIZATIONDATE", engine::to_wire_string(listed->deadline));
    answer.add("SCORE", "0");
    answer.add("SUBCLASS", zone_of(*listed));
  }
  return answer;
}

}  // namespace gateway
