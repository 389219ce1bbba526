// Joins a bank's statements: finds which lines of a new statement are kept already and which are new, and whether it
// contradicts the kept ones. Pure.
//
// Domain rule: a statement that begins where another one of its account ends, by sequence number or by date and
// balance, cannot overlap it, so its lines are new though they look like others. One that covers days of a kept
// statement with equal balances and lines is that statement again, under whatever id. One that fits neither way is
// refused. A bank's reference is evidence, never the identity.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/external_line.hpp"
#include "engine/result.hpp"

namespace engine {

// True for texts that banks write if they have no reference: NONREF, NOTPROVIDED, zeros, dashes … Empty counts as one.
bool is_placeholder(std::string_view reference);

// A statement that is kept, with all lines that stand in it.
struct KeptStatement {
  ExternalStatement statement;
  std::vector<ExternalLine> lines{};
};

struct JoinedStatement {
  bool again = false;  // a kept statement once more: there is nothing to keep
  // per line the id of the kept line that it is; 0: it is new
  std::vector<std::int64_t> known{};
  // what it overlaps, for people
  std::vector<std::string> notes{};
};

// REQUIRES: all statements are of one source and one currency. invalid_statement where it contradicts what is kept.
Result<JoinedStatement> join_statement(const ExternalStatement& statement, std::span<const ExternalLine> lines,
                                       std::span<const KeptStatement> kept);

// The statements of one source and currency in the order of their days, those of one day as their balances chain.
// Statements without both balances and days are left out.
std::vector<const ExternalStatement*> chained(std::span<const ExternalStatement> statements);

// A place of the chain where something is off, or where it is known to hold.
struct ChainLink {
  enum class Kind : std::uint8_t { holds, gap, broken };  // gap: days apart; broken: the same or neighbouring days
  Kind kind;
  const ExternalStatement *before, *after;
  Money missing;  // what lies between them: opening of the later - closing of the earlier
};
std::vector<ChainLink> chain_links(std::span<const ExternalStatement> statements);
std::string to_string(const ChainLink& link);  // of a gap or a break: between which statements, and how much

}  // namespace engine
