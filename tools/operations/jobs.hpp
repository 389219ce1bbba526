// The sweep's work at the provider: creates, deletes, looks up and reads jobs. Every order is recorded as an intent
// before it is sent.
#pragma once

#include "engine/provider.hpp"
#include "engine/submission.hpp"
#include "tools/operations/sweep_run.hpp"

namespace operations {

// Resolves earlier orders of unknown outcome, deletes the jobs of backorders that are being cancelled, then creates
// jobs for funded backorders. Jobs for one name are created one after the other, in order of placing.
void submit_jobs(SweepRun& run, engine::BackorderProvider& provider);

// Reads the list of our jobs and records what is new. Asks for the status of jobs that the list lacks.
void sync_jobs(SweepRun& run, engine::BackorderProvider& provider);

// Orders the deletion of one backorder's job and applies the answer. REQUIRES: marked `cancelling`, application known,
// no open call; outside a unit of work.
engine::Result<engine::Deletion> delete_job(SweepRun& run, engine::BackorderProvider& provider, engine::BackorderId id);

// Orders the deletion of an application that no backorder needs; the order and its answer are on file under the
// backorder it was found for.
engine::ProviderAnswer order_removal(const Context& context, engine::BackorderProvider& provider,
                                     const engine::Backorder& backorder, const std::string& application);

// True if neither a complete list nor a single status query finds the application.
engine::Result<bool> is_job_absent(engine::BackorderProvider& provider, const engine::Backorder& backorder);

}  // namespace operations
