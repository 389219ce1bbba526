// The books and files that both sides of a measurement begin with, made from the seed through the ledger's own store.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/ports.hpp"
#include "tools/bench/measure.hpp"

namespace bench {

extern const engine::UtcTime kNow;
extern const engine::Currency kEuro;
// of every .com name; 19 % tax in it, for all accounts are German
inline constexpr std::int64_t kPriceMinor = 1'000;
inline constexpr std::int64_t kTaxBp = 1'900;

std::string account_name(std::int64_t customer);                    // from 1
std::int64_t account_of(const Ground& ground, std::int64_t order);  // in no order, from 1; orders from 0
std::string domain_of(const Ground& ground, std::int64_t order);    // names ascend with nothing

// A book with ground.accounts() accounts. `rich`: each has money for all of its orders; else a fifth of them for half
// of theirs.
std::unique_ptr<engine::LedgerStore> make_accounts(const Ground& ground, const std::string& file, bool rich);
// One commit under the request `key`.
void apply(engine::LedgerStore& store, const std::string& key, const std::function<void(engine::Changes&)>& fill,
           engine::UtcTime now = kNow);
// REQUESTED and due at kNow; the drop is one and a half days after it.
engine::Backorder backorder_of(const Ground& ground, std::int64_t order);
// All of them, some thousands a commit; `live` may take each further before it is written.
void add_orders(const Ground& ground, engine::LedgerStore& store,
                const std::function<void(engine::Changes&, engine::Backorder&)>& live);
// ground.size backorders whose deposit is due, or with a deposit and a job that has ended, half of them well.
void add_due(const Ground& ground, engine::LedgerStore& store);
void add_answered(const Ground& ground, engine::LedgerStore& store);

// A copy of prepared.db under another name, on the disk before it returns.
std::string copy_of_prepared(const Ground& ground, std::string_view name);
std::string read_whole(const std::string& path);
void write_whole(const std::string& path, const std::string& text);

}  // namespace bench
