// The text of an answer in the provider's live layout, which the ledger keeps as evidence:
//
//   [RESPONSE]
//   PROPERTY[APPLICATION][0]=40219
//   PROPERTY[STATUS][0]=AUCTION-PENDING
//   DESCRIPTION=Command completed successfully
//   CODE=200
//
//   QUEUETIME=0
//   RUNTIME=0.004
//
//   EOF
#pragma once

#include <string>
#include <string_view>

#include "engine/provider.hpp"
#include "tools/simulated_registry/fate.hpp"

namespace simulated_registry {

// An answer without data: code, the table's text for it, and `detail` after a semicolon where given.
engine::ProviderAnswer plain_answer(int code, std::string_view detail = {});
engine::ProviderAnswer removed_answer(const engine::DomainName& name);
// Of add and status.
engine::ProviderAnswer job_answer(const engine::ProviderJob& job);

// Sets status, auction and raw of a job from its standing. REQUIRES: application, name and created_at are set.
void fill_job(engine::ProviderJob& job, const Standing& standing, std::size_t application);

// The part of a busy answer that arrives; `whole` is the complete answer.
engine::ProviderAnswer busy_form(Busy how, const engine::ProviderAnswer& whole, std::uint64_t tear_at);

}  // namespace simulated_registry
