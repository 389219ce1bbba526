// Invoices and credit notes: issued, listed, shown as a page that can be printed.
#include "tools/cli/commands/commands.hpp"
#include "tools/operations/invoices.hpp"

namespace cli {
namespace {

std::string percent(std::int64_t basis_points) {
  return std::to_string(basis_points / 100) + "." + std::to_string(100 + basis_points % 100).substr(1);
}

std::string treatment_in_words(engine::TaxTreatment treatment, std::int64_t rate_bp) {
  switch (treatment) {
    case engine::TaxTreatment::standard:
      return "VAT " + percent(rate_bp) + " %";
    case engine::TaxTreatment::one_stop_shop:
      return "VAT " + percent(rate_bp) + " % (one-stop shop)";
    case engine::TaxTreatment::reverse_charge:  // Council Directive 2006/112/EC, article 226 (11a): these words
      return "Reverse charge";
    case engine::TaxTreatment::outside_scope:
      return "No VAT: outside the scope";
    case engine::TaxTreatment::untaxed:
      return "No VAT";
  }
  engine::invariant_failed("the treatment is known", __FILE__, __LINE__, "tax treatment");
}

struct InvoiceIssue {
  std::string account, to;
  void bind(CLI::App& app) {
    app.add_option("--account", account, "Only this account's")->type_name("NAME");
    app.add_option("--to", to, "Supplies before this (default: now; a day or month only once it is over)")
        ->type_name("TIME");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const operations::Reply reply = value_or_throw(
        operations::issue_invoices(context, session.request(), account.empty() ? std::nullopt : std::optional(account),
                                   to.empty() ? std::nullopt : std::optional(session.instant(to))));
    const std::string range = reply.fact("first").empty()
                                  ? ""
                                  : ": " + std::string(reply.fact("first")) + " to " + std::string(reply.fact("last"));
    session.answer(reply, "dropledger.invoices-issued/1",
                   "issued " + std::string(reply.fact("invoices")) + " invoices and " +
                       std::string(reply.fact("credit_notes")) + " credit notes" + range);
    return 0;
  }
};

struct InvoiceList {
  std::string account;
  void bind(CLI::App& app) { app.add_option("--account", account, "Only this account's")->type_name("NAME"); }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    std::optional<engine::CustomerId> only;
    if (!account.empty()) only = value_or_throw(operations::customer_named(store, account)).id;
    render::Table table;
    table.schema = "dropledger.invoices/1";
    table.columns = {{"document"},
                     {"kind"},
                     {"issued_at", "", render::Kind::time},
                     {"account"},
                     {"country"},
                     {"vat_id", "VAT id"},
                     {"lines", "", render::Kind::number},
                     {"net", "", render::Kind::money},
                     {"vat", "VAT", render::Kind::money},
                     {"gross", "", render::Kind::money},
                     {"corrects"}};
    table.when_empty = "No document was issued; see 'invoice issue'.";
    for (const engine::Invoice& one : store.invoices(only)) {
      table.add(one.title(), to_word(one.kind), one.issued_at, one.buyer.account, one.buyer.country, one.buyer.vat_id,
                one.lines.size(), one.net(), one.tax(), one.net() + one.tax(), one.corrects);
    }
    session.print(table);
    return 0;
  }
};

struct InvoiceShow {
  std::string title;
  void bind(CLI::App& app) {
    app.add_option("document", title, "Its number, e.g. I2026-00017")->type_name("NUMBER")->required();
  }
  int run(Session& session) const {
    const engine::Invoice one = value_or_throw(operations::invoice_numbered(session.book_snapshot(), title));
    render::Table table;
    table.schema = "dropledger.invoice/1";
    table.title = (one.kind == engine::InvoiceKind::invoice ? "Invoice " : "Credit note ") + one.title();
    table.add_fact("document", one.title());
    table.add_fact("kind", to_word(one.kind));
    table.add_fact("date", engine::day_of(one.issued_at));
    if (!one.corrects.empty()) table.add_fact("corrects", one.corrects);
    table.add_fact("seller", one.seller.name);
    table.add_fact("seller_address", one.seller.address);
    if (!one.seller.vat_id.empty()) table.add_fact("seller_vat_id", one.seller.vat_id);
    table.add_fact("customer", one.buyer.account);
    if (!one.buyer.country.empty()) table.add_fact("customer_country", one.buyer.country);
    if (!one.buyer.vat_id.empty()) table.add_fact("customer_vat_id", one.buyer.vat_id);
    table.add_fact("paid", "from the account's balance");
    table.columns = {{"supplied_on", "", render::Kind::day},
                     {"supply"},
                     {"domain", "", render::Kind::domain},
                     {"net", "", render::Kind::money},
                     {"tax"},
                     {"vat", "VAT", render::Kind::money},
                     {"gross", "", render::Kind::money},
                     {"transfer", "", render::Kind::number}};
    for (const engine::InvoiceLine& line : one.lines) {
      table.add(engine::day_of(line.supplied_at), "Domain registration by backorder",
                value_or_throw(engine::DomainName::parse(line.domain)), line.net,
                treatment_in_words(line.treatment, line.rate_bp), line.tax, line.net + line.tax, line.transfer);
    }
    const std::monostate none;
    for (const engine::TaxSum& sum : engine::tax_sums(one.lines)) {
      table.add_total(none, "", none, sum.net, treatment_in_words(sum.treatment, sum.rate_bp), sum.tax,
                      sum.net + sum.tax, none);
    }
    table.add_total(none, "total", none, one.net(), "", one.tax(), one.net() + one.tax(), none);
    session.print(table);
    return 0;
  }
};

}  // namespace

void add_invoice_commands(CommandLine& line) {
  CLI::App* group = add_group(line.app, "invoice", "Invoices and credit notes over what was captured");
  add_command<InvoiceIssue>(line, *group, "issue", "Issues what is due, numbered without gaps",
                            "  dropledger invoice issue\n  dropledger invoice issue --account alice --to 2026-09-01");
  add_command<InvoiceList>(line, *group, "list", "Every document", "  dropledger invoice list --format csv");
  add_command<InvoiceShow>(line, *group, "show", "One document, to read or print",
                           "  dropledger invoice show I2026-00017 --format html --output I2026-00017.html");
}

}  // namespace cli
