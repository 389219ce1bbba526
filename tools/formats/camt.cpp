// camt.052, camt.053 and camt.054 of ISO 20022, versions .02 to .13: which elements mean what is in the message
// definition reports of iso20022.org. Banks write them with and without a prefix of the namespace, several documents in
// one file, several messages in one document.
#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "engine/statement_chain.hpp"
#include "tools/formats/encoding.hpp"
#include "tools/formats/statement_lines.hpp"

namespace formats {
namespace {

using engine::Currency;
using engine::Day;
using engine::Error;
using engine::ErrorCode;
using engine::ExternalLine;
using engine::Money;
using engine::Result;

// The number of the line on which a byte stands; asked in any order.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
      ends_.push_back(at);
  }
  std::uint64_t of(std::ptrdiff_t byte) const {
    const auto before = std::ranges::lower_bound(ends_, static_cast<std::size_t>(std::max<std::ptrdiff_t>(byte, 0)));
    return static_cast<std::uint64_t>(before - ends_.begin()) + 1;
  }

 private:
  std::vector<std::size_t> ends_;
};

// Banks write the same elements with and without a prefix of their namespace.
bool is_named(const pugi::xml_node& node, std::string_view name) {
  std::string_view found = node.name();
  found.remove_prefix(found.find(':') == std::string_view::npos ? 0 : found.find(':') + 1);
  return found == name;
}
template <typename Visit>
void each_child(const pugi::xml_node& node, std::string_view name, const Visit& visit) {
  for (const pugi::xml_node& child : node.children()) {
    if (is_named(child, name)) visit(child);
  }
}
pugi::xml_node child_at(pugi::xml_node node, std::string_view path) {  // "Refs/EndToEndId"
  while (node && !path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    pugi::xml_node found;
    for (const pugi::xml_node& child : node.children()) {
      if (!found && is_named(child, name)) found = child;
    }
    node = found;
  }
  return node;
}
std::string text_at(const pugi::xml_node& node, std::string_view path) {
  return std::string(trimmed(child_at(node, path).child_value()));
}

std::string verbatim(const pugi::xml_node& node) {
  std::ostringstream out;
  node.print(out, "", pugi::format_raw);
  return out.str();
}

// The schema allows five decimals; what is not a whole number of minor units is refused, never rounded.
Result<Money> amount_of(const pugi::xml_node& amount, bool out) {
  if (!amount) return Error{ErrorCode::invalid_amount, "there is no amount"};
  const Result<Currency> currency = Currency::parse(amount.attribute("Ccy").value());
  if (!currency) return currency.error();
  const Result<engine::RoundedMoney> money =
      engine::parse_provider_money(trimmed(amount.child_value()), currency.value());
  if (!money) return money.error();
  if (!money.value().exact)
    return Error{ErrorCode::invalid_amount, std::string("'") + amount.child_value() + "' is finer than the currency"};
  if (money.value().amount.is_negative())
    return Error{ErrorCode::invalid_amount, std::string("'") + amount.child_value() + "': the sign is in CdtDbtInd"};
  return out ? -money.value().amount : money.value().amount;
}

Result<bool> is_out(const pugi::xml_node& node) {
  const std::string word = text_at(node, "CdtDbtInd");
  if (word == "CRDT") return false;
  if (word == "DBIT") return true;
  return Error{ErrorCode::invalid_statement, "CdtDbtInd '" + word + "' is neither CRDT nor DBIT"};
}

std::optional<Day> day_of_text(std::string_view text) {
  // the bank's calendar day, whatever its zone
  const Result<Day> day = engine::parse_day(text.substr(0, 10));
  if (!day) return std::nullopt;
  return day.value();
}
std::optional<Day> day_at(const pugi::xml_node& node, std::string_view path) {
  std::string text = text_at(node, std::string(path) + "/Dt");
  if (text.empty()) text = text_at(node, std::string(path) + "/DtTm");
  return day_of_text(text);
}

// Banks put what the payer wrote into any of these; each is a field of its own.
void take_details(ExternalLine& line, const pugi::xml_node& details) {
  line.end_to_end = text_at(details, "Refs/EndToEndId");
  if (engine::is_placeholder(line.end_to_end)) line.end_to_end.clear();
  const pugi::xml_node remittance = child_at(details, "RmtInf");
  std::string unstructured;
  each_child(remittance, "Ustrd", [&](const pugi::xml_node& text) { append_word(unstructured, text.child_value()); });
  append_field(line.reference, unstructured);
  each_child(remittance, "Strd", [&](const pugi::xml_node& text) {
    append_field(line.structured, text_at(text, "CdtrRefInf/Ref"));
    append_field(line.reference, text_at(text, "CdtrRefInf/Ref"));
    each_child(text, "AddtlRmtInf",
               [&](const pugi::xml_node& more) { append_field(line.reference, more.child_value()); });
    each_child(text, "RfrdDocInf",
               [&](const pugi::xml_node& document) { append_field(line.reference, text_at(document, "Nb")); });
  });
  append_field(line.reference, text_at(details, "AddtlTxInf"));
  append_field(line.reference, text_at(details, "RltdRmtInf/RmtId"));
  const std::string party = line.amount.is_negative() ? "Cdtr" : "Dbtr";
  for (const std::string& path : {"RltdPties/" + party + "/Nm", "RltdPties/" + party + "/Pty/Nm",
                                  "RltdPties/Ultmt" + party + "/Nm", "RltdPties/Ultmt" + party + "/Pty/Nm"}) {
    if (line.counterparty.empty()) line.counterparty = text_at(details, path);
  }
}

// The amount of one transaction of a batch, where it says one in the entry's currency.
std::optional<Money> part_of(const pugi::xml_node& details, Money whole) {
  const Result<bool> own = is_out(details);
  const bool out = own ? own.value() : whole.is_negative();
  for (const char* path : {"Amt", "AmtDtls/TxAmt/Amt"}) {
    const Result<Money> amount = amount_of(child_at(details, path), out);
    if (amount && amount.value().currency() == whole.currency()) return amount.value();
  }
  return std::nullopt;
}

// A line for each transaction of a batch; nothing where they do not say their amounts, or do not add up to the entry.
std::vector<ExternalLine> parts_of(const ExternalLine& entry, const std::vector<pugi::xml_node>& transactions) {
  std::vector<ExternalLine> parts;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < transactions.size(); ++i) {
    const std::optional<Money> amount = part_of(transactions[i], entry.amount);
    if (!amount || amount->is_zero()) return {};
    sum += amount->minor();
    if (sum > engine::kMaxAmountMinor || sum < -engine::kMaxAmountMinor) return {};
    ExternalLine part = entry;
    part.amount = *amount;
    take_details(part, transactions[i]);
    const std::string own = text_at(transactions[i], "Refs/AcctSvcrRef");
    if (!engine::is_placeholder(own) && own != entry.bank_reference)
      part.bank_reference = own;
    else if (!engine::is_placeholder(entry.bank_reference))
      part.bank_reference = entry.bank_reference + "/" + std::to_string(i + 1);
    part.raw = verbatim(transactions[i]);
    parts.push_back(std::move(part));
  }
  if (parts.size() < 2 || sum != entry.amount.minor()) return {};
  return parts;
}

// Adds the lines of one entry; gives back its amount where it is booked.
Result<std::optional<Money>> take_entry(BankStatement& statement, const pugi::xml_node& entry, std::uint64_t place) {
  std::string status = text_at(entry, "Sts/Cd");
  if (status.empty()) status = text_at(entry, "Sts/Prtry");
  if (status.empty()) status = text_at(entry, "Sts");
  if (status == "PDNG" || status == "INFO" || status == "FUTR") {
    ++statement.pending;
    return std::optional<Money>();
  }
  if (status != "BOOK") return no_statement("entry status '" + status + "' is unknown");
  const Result<bool> out = is_out(entry);
  if (!out) return out.error();
  const Result<Money> amount = amount_of(child_at(entry, "Amt"), out.value());
  if (!amount) return amount.error();
  const std::optional<Day> booked = day_at(entry, "BookgDt");
  if (!booked) return no_statement("entry without a booking date");
  const Money whole = amount.value();
  if (whole.is_zero()) {  // banks tell things in such entries
    ++statement.without_amount;
    return std::optional(whole);
  }
  ExternalLine line{.booked_on = *booked, .valued_on = day_at(entry, "ValDt"), .amount = whole};
  line.bank_reference = text_at(entry, "AcctSvcrRef");

  std::vector<pugi::xml_node> transactions;
  each_child(entry, "NtryDtls", [&](const pugi::xml_node& details) {
    each_child(details, "TxDtls", [&](const pugi::xml_node& transaction) { transactions.push_back(transaction); });
  });
  std::vector<ExternalLine> parts = parts_of(line, transactions);
  if (!parts.empty()) {
    for (ExternalLine& part : parts) add_line(statement, std::move(part), place);
    return std::optional(whole);
  }
  // A batch that does not say its parts stays one line, and nobody's words are taken for it.
  if (transactions.size() == 1) {
    take_details(line, transactions.front());
    if (engine::is_placeholder(line.bank_reference))
      line.bank_reference = text_at(transactions.front(), "Refs/AcctSvcrRef");
  }
  if (transactions.size() <= 1) append_field(line.reference, text_at(entry, "AddtlNtryInf"));
  line.raw = verbatim(entry);
  add_line(statement, std::move(line), place);
  return std::optional(whole);
}

// Opening is OPBD, else PRCD; closing CLBD, else (camt.052) the last interim booked balance. Available balances and
// those of credit lines are no booked ones.
std::optional<Error> take_balances(BankStatement& statement, const pugi::xml_node& node, const Lines& lines) {
  std::optional<Money> previous, interim;
  std::optional<Day> closed_on;
  std::optional<Error> unusable;
  each_child(node, "Bal", [&](const pugi::xml_node& balance) {
    const std::string kind = text_at(balance, "Tp/CdOrPrtry/Cd");
    if (kind != "OPBD" && kind != "PRCD" && kind != "CLBD" && kind != "ITBD") return;
    const Result<bool> out = is_out(balance);
    const Result<Money> amount = out ? amount_of(child_at(balance, "Amt"), out.value()) : Result<Money>(out.error());
    if (!amount) {
      unusable = no_statement("line " + std::to_string(lines.of(balance.offset_debug())) + ": balance " + kind + ": " +
                              amount.error().detail);
      return;
    }
    if (kind == "CLBD" || (kind == "ITBD" && !statement.closing)) closed_on = day_at(balance, "Dt");
    if (kind == "CLBD")
      statement.closing = amount.value();
    else if (kind == "PRCD")
      previous = amount.value();
    else if (kind == "ITBD")
      interim = amount.value();
    else if (!statement.opening)
      statement.opening = amount.value();
  });
  if (unusable) return unusable;
  if (!statement.opening) statement.opening = previous;
  if (!statement.closing && statement.opening) statement.closing = interim;
  if (statement.opening && statement.closing && statement.opening->currency() != statement.closing->currency())
    return no_statement("the balances of statement '" + statement.name + "' are in two currencies");
  if (const std::string from = text_at(node, "FrToDt/FrDtTm"), to = text_at(node, "FrToDt/ToDtTm"); !from.empty()) {
    statement.from = day_of_text(from);
    statement.to = day_of_text(to);
    // a day that ends at the next midnight
    if (statement.from && statement.to && *statement.from < *statement.to && to.substr(10, 9) == "T00:00:00")
      statement.to = *statement.to - std::chrono::days(1);
  } else if (const std::string first = text_at(node, "FrToDt/FrDt"); !first.empty()) {
    statement.from = day_of_text(first);
    statement.to = day_of_text(text_at(node, "FrToDt/ToDt"));
  }
  if (statement.closing && closed_on) {
    statement.to = statement.to ? std::max(*statement.to, *closed_on) : *closed_on;
    if (!statement.from) statement.from = closed_on;
  }
  return std::nullopt;
}

std::optional<std::int64_t> number_at(const pugi::xml_node& node, std::string_view path) {
  const std::string text = text_at(node, path);
  if (text.empty() || text.size() > 17 || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return std::stoll(text);
}

Result<BankStatement> take_statement(const pugi::xml_node& node, const Lines& lines) {
  BankStatement statement;
  statement.name = text_at(node, "Id");
  statement.account = text_at(node, "Acct/Id/IBAN");
  if (statement.account.empty()) statement.account = text_at(node, "Acct/Id/Othr/Id");
  statement.sequence = number_at(node, "LglSeqNb");
  if (!statement.sequence) statement.sequence = number_at(node, "ElctrncSeqNb");
  if (auto unusable = take_balances(statement, node, lines)) return *unusable;
  std::optional<Currency> currency;
  std::int64_t sum = 0;
  each_child(node, "Ntry", [&](const pugi::xml_node& entry) {
    const std::uint64_t place = lines.of(entry.offset_debug());
    const Result<std::optional<Money>> taken = take_entry(statement, entry, place);
    if (!taken) {
      statement.unreadable.push_back({place, verbatim(entry), taken.error().detail});
    } else if (taken.value() && statement.imbalance.empty()) {
      if (currency && *currency != taken.value()->currency())
        statement.imbalance = "its entries are in several currencies";
      else
        add_to_sum(statement, sum, *taken.value());
      currency = taken.value()->currency();
    }
  });
  if (statement.opening) {
    if (currency && *currency != statement.opening->currency())
      statement.imbalance = "its entries are in another currency than its balances";
    else
      check_balances(statement, Money::of_minor(sum, statement.opening->currency()));
  }
  return statement;
}

// The encoding that the file declares: <?xml … encoding="…"?>. Empty if it declares none.
Result<std::optional<Encoding>> declared_encoding(std::string_view xml) {
  if (xml.starts_with("\xEF\xBB\xBF")) xml.remove_prefix(3);
  if (!xml.starts_with("<?xml")) return std::optional<Encoding>();
  const std::string_view declaration = xml.substr(0, std::min(xml.find("?>"), std::size_t{200}));
  const std::size_t at = declaration.find("encoding");
  if (at == std::string_view::npos) return std::optional<Encoding>();
  const std::size_t open = declaration.find_first_of("\"'", at);
  if (open == std::string_view::npos) return no_statement("line 1: the encoding is not readable");
  const std::size_t close = declaration.find(declaration[open], open + 1);
  std::string name(declaration.substr(open + 1, close == std::string_view::npos ? close : close - open - 1));
  std::string lower;
  for (const char c : name) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower == "us-ascii" || lower == "ascii") return std::optional(Encoding::utf8);
  const Result<Encoding> encoding = parse_encoding(lower);
  if (!encoding) return no_statement("line 1: encoding '" + name + "' is not read: " + encoding.error().detail);
  return std::optional(encoding.value());
}

// A document per root: some banks write one after the other into a file, each with its own declaration.
std::vector<pugi::xml_node> messages_of(const pugi::xml_node& file) {
  std::vector<pugi::xml_node> messages;
  each_child(file, "Document", [&](const pugi::xml_node& document) {
    for (const char* kind : {"BkToCstmrStmt", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn"})
      each_child(document, kind, [&](const pugi::xml_node& message) { messages.push_back(message); });
  });
  return messages;
}

}  // namespace

bool looks_like_xml(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return true;  // UTF-16: no CSV that we read
  return trimmed(text.substr(0, 256)).starts_with('<');
}

Result<std::vector<BankStatement>> read_camt(std::string_view bytes) {
  const Result<std::optional<Encoding>> declared = declared_encoding(bytes);
  if (!declared) return declared.error();
  const Result<Decoded> decoded = decode(std::string(bytes), declared.value(), ErrorCode::invalid_statement);
  if (!decoded) return decoded.error();
  const std::string& xml = decoded.value().text;
  pugi::xml_document file;
  // pugixml reads no document types and so resolves no entity but XML's own five; a statement that brings one is
  // refused all the same.
  const pugi::xml_parse_result parsed =
      file.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_doctype, pugi::encoding_utf8);
  const Lines lines(xml);
  if (!parsed)
    return no_statement("line " + std::to_string(lines.of(parsed.offset)) +
                        ": this is no XML: " + parsed.description());
  for (const pugi::xml_node& node : file.children()) {
    if (node.type() == pugi::node_doctype)
      return no_statement("the file has a document type: a bank statement needs none, and it is not read");
    if (node.type() == pugi::node_element && !is_named(node, "Document"))
      return no_statement("line " + std::to_string(lines.of(node.offset_debug())) + ": <" + node.name() +
                          "> is no camt document");
  }
  const std::vector<pugi::xml_node> messages = messages_of(file);
  if (messages.empty()) {
    return no_statement(
        "this XML is no camt.052, camt.053 or camt.054: it has no BkToCstmrStmt, BkToCstmrAcctRpt or "
        "BkToCstmrDbtCdtNtfctn");
  }
  std::vector<BankStatement> statements;
  std::optional<Error> unusable;
  for (const pugi::xml_node& message : messages) {
    for (const char* kind : {"Stmt", "Rpt", "Ntfctn"}) {
      each_child(message, kind, [&](const pugi::xml_node& node) {
        Result<BankStatement> statement = take_statement(node, lines);
        if (statement)
          statements.push_back(std::move(statement).value());
        else if (!unusable)
          unusable = statement.error();
      });
    }
  }
  if (unusable) return *unusable;
  if (statements.empty()) return no_statement("the camt file has no statement in it");
  return statements;
}

}  // namespace formats
