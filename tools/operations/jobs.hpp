// The sweep's work at the provider: creates, deletes, looks up and reads jobs. Every order is recorded as an intent
// before it is sent.
#pragma once

#include "engine/provider.hpp"
#include "engine/submission.hpp"
#include "tools/operations/sweep_run.hpp"

namespace operations {

// Deletes the jobs of backorders being cancelled, then creates jobs for what is funded: one after the other per name,
// in order of placing. What earlier orders of unknown outcome did is looked up first, where this run has not done so.
void submit_jobs(SweepRun& run, engine::BackorderProvider& provider);

// Reads every job of ours and notes what is new; asks singly for what the list lacks; binds jobs of our account to the
// backorders that want them; looks up what earlier orders of unknown outcome did. An answer, or a row, about something
// else than what was asked is no evidence: the case wrong_answer.
void sync_jobs(SweepRun& run, engine::BackorderProvider& provider);

// Orders the deletion of one backorder's job and applies the answer. REQUIRES: marked `cancelling`, application known,
// no open call; outside a unit of work.
engine::Result<engine::Deletion> delete_job(SweepRun& run, engine::BackorderProvider& provider, engine::BackorderId id);

// Orders the deletion of an application that no backorder needs; the order and its answer are on file under the
// backorder it was found for.
engine::ProviderAnswer order_removal(const Context& context, engine::BackorderProvider& provider,
                                     const engine::Backorder& backorder, const std::string& application);

// True if neither a complete list nor a single status query finds the backorder's application, and the list has no
// other unbound job for the name.
engine::Result<bool> is_job_absent(engine::LedgerStore& store, engine::BackorderProvider& provider,
                                   const engine::Backorder& backorder);

}  // namespace operations
