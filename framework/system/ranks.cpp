#include "framework/system/ranks.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <thread>
#include <utility>

#include "framework/check.h"
#include "framework/system/cores.h"

#if defined(HEDDLE_MPI)
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>
#endif

namespace heddle {
namespace {

/// What starts processes together, and the variables in which it tells each how many they are and which it is.
struct Launcher {
  const char *name, *size, *rank, *hint;
};
constexpr Launcher kLaunchers[] = {
    {"mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK",
     "use the mpirun of the Open MPI that heddle was built with"},
    {"srun", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "try srun --mpi=pmix (srun --mpi=list names what there is)"},
    {"mpiexec", "PMI_SIZE", "PMI_RANK", "use the mpirun of the Open MPI that heddle was built with"},
};

int number_in(const char* variable, int otherwise) {
  const char* const text = std::getenv(variable);
  return text != nullptr && *text != '\0' ? std::atoi(text) : otherwise;
}

/// What started this process as one of several; null: it was started alone.
const Launcher* launcher() {
  for (const Launcher& candidate : kLaunchers) {
    if (number_in(candidate.size, 1) > 1) return &candidate;
  }
  return nullptr;
}

/// Where this process stands among those that work together.
struct Place {
  int rank = 0, ranks = 1, local_rank = 0, local_ranks = 1;
  bool joined = false;
  std::vector<std::string> hosts;  ///< of each rank
  std::string cores;               ///< how it came to its cores, for people
};
Place& place() {
  static Place here = [] {
    Place started;
    if (const Launcher* by = launcher()) {
      started.ranks = number_in(by->size, 1);
      started.rank = number_in(by->rank, 0);
    }
    return started;
  }();
  return here;
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "an unknown host";
}

int rank() { return place().rank; }
int ranks() { return place().ranks; }
int local_rank() { return place().local_rank; }
int local_ranks() { return place().local_ranks; }

std::string rank_text(int number) {
  const auto& hosts = place().hosts;
  const auto at = static_cast<std::size_t>(number);
  return concat_text("rank ", number, at < hosts.size() ? " (on " + hosts[at] + ")" : "");
}

std::string ranks_text() {
  if (ranks() == 1) return "";
  std::vector<std::string> names;
  for (const std::string& host : place().hosts) {
    if (std::find(names.begin(), names.end(), host) == names.end()) names.push_back(host);
  }
  std::string text = concat_text(ranks(), " processes on ");
  for (const std::string& name : names) text += (&name == names.data() ? "" : ", ") + name;
  return text + (place().cores.empty() ? "" : "; " + place().cores);
}

#if defined(HEDDLE_MPI)

namespace {

constexpr int kFailure = Transfers::kTags, kGather = kFailure + 1, kHost = kFailure + 2;

/// Errors: one that another rank has told this one.
void hear_failure() {
  int came = 0;
  MPI_Status status;
  MPI_Iprobe(MPI_ANY_SOURCE, kFailure, MPI_COMM_WORLD, &came, &status);
  if (came == 0) return;
  int size = 0;
  MPI_Get_count(&status, MPI_CHAR, &size);
  std::string why(static_cast<std::size_t>(size), '\0');
  MPI_Recv(why.data(), size, MPI_CHAR, status.MPI_SOURCE, kFailure, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  throw RankFailed(rank_text(status.MPI_SOURCE) + ": " + why);
}

/// Until done(), or for so many seconds; whether it was.
template <class Done>
bool wait_until(const Done& done, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (std::int64_t tries = 0; !done(); ++tries) {
    if (tries < 100) {
      std::this_thread::yield();
      continue;
    }
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return true;
}
constexpr double kForever = 1e9;

}  // namespace

std::string ranks_library() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string all = text.data();
  return all.substr(0, all.find_first_of(",\n"));
}

struct Transfers::Requests {
  std::vector<MPI_Request> open;
  std::int64_t tries = 0;
};

Transfers::Transfers() : requests_(std::make_unique<Requests>()) {}
Transfers::~Transfers() {
  if (!requests_ || !place().joined) return;
  for (MPI_Request& request : requests_->open) {  // of a wait that an error ended: nothing is to be written any more
    if (request != MPI_REQUEST_NULL) MPI_Cancel(&request);
  }
}
Transfers::Transfers(Transfers&&) noexcept = default;
Transfers& Transfers::operator=(Transfers&&) noexcept = default;

namespace {

/// MPI counts in int: calls part(bytes) for pieces of at most 1 GiB.
template <class Bytes, class Part>
void for_parts(Bytes bytes, const Part& part) {
  constexpr std::size_t kMost = std::size_t{1} << 30U;
  for (; bytes.size() > kMost; bytes = bytes.subspan(kMost)) part(bytes.first(kMost));
  part(bytes);
}

}  // namespace

void Transfers::send(int to, int tag, std::span<const std::byte> bytes) {
  for_parts(bytes, [&](std::span<const std::byte> part) {
    MPI_Isend(part.data(), static_cast<int>(part.size()), MPI_BYTE, to, tag, MPI_COMM_WORLD,
              &requests_->open.emplace_back());
  });
}

void Transfers::receive(int from, int tag, std::span<std::byte> bytes) {
  for_parts(bytes, [&](std::span<std::byte> part) {
    MPI_Irecv(part.data(), static_cast<int>(part.size()), MPI_BYTE, from, tag, MPI_COMM_WORLD,
              &requests_->open.emplace_back());
  });
}

bool Transfers::done() {
  int all = 0;
  MPI_Testall(static_cast<int>(requests_->open.size()), requests_->open.data(), &all, MPI_STATUSES_IGNORE);
  if (all != 0) requests_->open.clear();
  if (all == 0 && ++requests_->tries % 64 == 0) hear_failure();
  return all != 0;
}

void Transfers::wait() {
  wait_until([&] { return done(); }, kForever);
}

namespace {

/// Sends `mine` to all others, and receives as many bytes of each, into all[rank].
Transfers exchange(std::span<const std::byte> mine, std::span<const std::span<std::byte>> all, int tag) {
  Transfers transfers;
  for (int other = 0; other < ranks(); ++other) {
    if (other == rank()) {
      std::copy(mine.begin(), mine.end(), all[static_cast<std::size_t>(other)].begin());
      continue;
    }
    transfers.receive(other, tag, all[static_cast<std::size_t>(other)]);
    transfers.send(other, tag, mine);
  }
  return transfers;
}

/// Gathers the hosts' names, by which ranks tell who shares one: the first message between any two.
void meet_hosts() {
  constexpr double kPatience = 15;
  using Name = std::array<char, 256>;
  Name mine{};
  host_name().copy(mine.data(), mine.size() - 1);
  std::vector<Name> names(static_cast<std::size_t>(ranks()));
  std::vector<Transfers> transfers(names.size());
  for (int other = 0; other < ranks(); ++other) {
    const auto at = static_cast<std::size_t>(other);
    if (other == rank()) {
      names[at] = mine;
      continue;
    }
    transfers[at].receive(other, kHost, bytes_of(names[at].data(), names[at].size()));
    transfers[at].send(other, kHost, bytes_of(std::as_const(mine).data(), mine.size()));
  }
  const auto all_done = [&] {
    return std::all_of(transfers.begin(), transfers.end(), [](Transfers& t) { return t.done(); });
  };
  if (!wait_until(all_done, kPatience)) {
    std::string silent;
    for (int other = 0; other < ranks(); ++other) {
      if (!transfers[static_cast<std::size_t>(other)].done())
        silent += (silent.empty() ? "" : ", ") + std::to_string(other);
    }
    throw Error(concat_text(
        "no answer within ", kPatience, " seconds from rank ", silent, " to rank ", rank(), " on ", host_name(),
        "; can their hosts reach each other? mpirun --mca btl_tcp_if_include NETWORK says by which network"));
  }
  for (const Name& name : names) place().hosts.emplace_back(name.data());
}

}  // namespace

JoinedRanks::JoinedRanks() {
  const Launcher* const by = launcher();
  if (by == nullptr) return;
  int provided = 0, size = 0, number = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_rank(MPI_COMM_WORLD, &number);
  Place& here = place();
  const bool as_started = size == here.ranks;
  if (!as_started) {
    const std::string wrong = concat_text(by->name, " started ", here.ranks, " processes, and MPI sees ", size,
                                          ": they cannot reach each other; ", by->hint);
    MPI_Finalize();  // each is alone
    throw Error(wrong);
  }
  here.rank = number;
  here.joined = true;
  ensure(provided >= MPI_THREAD_SERIALIZED, "this MPI (", ranks_library(),
         ") lets one thread alone send messages; use one built with MPI_THREAD_SERIALIZED");
  meet_hosts();
  const std::string& host = here.hosts[static_cast<std::size_t>(here.rank)];
  here.local_ranks = static_cast<int>(std::count(here.hosts.begin(), here.hosts.end(), host));
  here.local_rank = static_cast<int>(std::count(here.hosts.begin(), here.hosts.begin() + here.rank, host));
  const bool bound = std::getenv("OMPI_MCA_hwloc_base_binding_policy") != nullptr;  // as its user said
  if (!bound && std::string_view(by->name) == "mpirun")
    take_processors_of(getppid());  // it bound each rank to one core
  const auto all = gather(processors());
  std::vector<std::string> local;
  for (std::size_t r = 0; r < all.size(); ++r) {
    if (here.hosts[r] == host) local.push_back(all[r]);
  }
  here.cores = take_share_of_cores(local, here.local_rank);
}

JoinedRanks::~JoinedRanks() {
  if (!place().joined || std::uncaught_exceptions() > 0) return;
  place().joined = false;
  MPI_Finalize();
}

void abort_ranks(const std::string& why, int status) {
  const std::string line = "heddle: " + why + '\n';
  const auto tell = [](const std::string& text) {
    std::fflush(stdout);
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
  };
  if (rank() == 0) tell(line);
  if (!place().joined) std::_Exit(status);
  if (rank() != 0) {
    MPI_Request sent = MPI_REQUEST_NULL;
    MPI_Isend(why.data(), static_cast<int>(why.size()), MPI_CHAR, 0, kFailure, MPI_COMM_WORLD, &sent);
    // Rank 0 may compute for long before it waits for a message, or it meets the same error itself.
    constexpr int kPatience = 100;  // tenths of a second
    for (int i = 0; i < kPatience; ++i) {
      int through = 0;
      MPI_Test(&sent, &through, MPI_STATUS_IGNORE);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    tell(concat_text("heddle: ", rank_text(rank()), ": ", why, '\n'));
  }
  MPI_Abort(MPI_COMM_WORLD, status);
  std::_Exit(status);
}

std::vector<std::string> gather(const std::string& mine) {
  if (ranks() == 1) return {mine};
  const auto count = static_cast<std::size_t>(ranks());
  const std::uint64_t size = mine.size();
  std::vector<std::uint64_t> sizes(count);
  std::vector<std::span<std::byte>> into;
  for (std::uint64_t& other : sizes) into.push_back(bytes_of(&other, 1));
  exchange(bytes_of(&size, 1), into, kGather).wait();
  std::vector<std::string> all(count);
  into.clear();
  for (std::size_t i = 0; i < count; ++i) {
    all[i].resize(sizes[i]);
    into.push_back(bytes_of(all[i].data(), all[i].size()));
  }
  exchange(bytes_of(mine.data(), mine.size()), into, kGather).wait();
  return all;
}

#else

std::string ranks_library() { return ""; }

struct Transfers::Requests {};
Transfers::Transfers() = default;
Transfers::~Transfers() = default;
Transfers::Transfers(Transfers&&) noexcept = default;
Transfers& Transfers::operator=(Transfers&&) noexcept = default;
void Transfers::send(int, int, std::span<const std::byte>) {}
void Transfers::receive(int, int, std::span<std::byte>) {}
bool Transfers::done() { return true; }
void Transfers::wait() {}

JoinedRanks::JoinedRanks() {
  const Launcher* const by = launcher();
  ensure(by == nullptr, by == nullptr ? "" : by->name, " started ", ranks(),
         " processes, and this heddle was built without MPI: install libopenmpi-dev, run cmake again and build");
}
JoinedRanks::~JoinedRanks() = default;

void abort_ranks(const std::string& why, int status) {
  if (rank() == 0) std::fprintf(stderr, "heddle: %s\n", why.c_str());
  std::_Exit(status);
}

std::vector<std::string> gather(const std::string& mine) { return {mine}; }

#endif

std::vector<std::vector<double>> gather(std::span<const double> mine) {
  std::vector<std::vector<double>> all;
  for (const std::string& bytes : gather(std::string(reinterpret_cast<const char*>(mine.data()), mine.size_bytes()))) {
    all.emplace_back(bytes.size() / sizeof(double));
    bytes.copy(reinterpret_cast<char*>(all.back().data()), bytes.size());  // which may be none
  }
  return all;
}

std::string from_root(const std::string& text) { return gather(rank() == 0 ? text : std::string())[0]; }

}  // namespace heddle
