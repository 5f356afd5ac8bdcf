// What the program does before the libraries that it is linked with begin: their constructors run before main.

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace {

/// Variables by which libgomp, which oneDNN brings, keeps the first thread on one processor, and with it all that this
/// one starts. Threads are placed by the process's affinity and run.pin.
constexpr const char* kBinding[] = {"OMP_PROC_BIND=", "OMP_PLACES=", "GOMP_CPU_AFFINITY="};

void forget_binding(char** environment) {
  char** to = environment;  // where getenv looks
  for (char** from = environment; *from != nullptr; ++from) {
    bool binds = false;
    for (const char* const name : kBinding) binds = binds || std::strncmp(*from, name, std::strlen(name)) == 0;
    if (!binds) *to++ = *from;
  }
  *to = nullptr;
}

/// Some of the libraries end the program in ways of their own where memory ends while they begin.
void check_address_space() {
  constexpr rlim_t kLeast = rlim_t{256} << 20U;
  rlimit space{};
  if (getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_cur >= kLeast) return;
  char text[160];
  const int size =
      std::snprintf(text, sizeof text,
                    "heddle: the limit on address space (ulimit -v) is %lu KB; heddle takes %lu KB to "
                    "begin, and more for a model\n",
                    static_cast<unsigned long>(space.rlim_cur >> 10U), static_cast<unsigned long>(kLeast >> 10U));
  if (write(STDERR_FILENO, text, static_cast<std::size_t>(size)) != size) _exit(1);
  _exit(1);
}

__attribute__((no_sanitize("address", "undefined"))) void before_libraries(int, char**, char** environment) {
  forget_binding(environment);
  check_address_space();
}

__attribute__((section(".preinit_array"), used)) void (*const first)(int, char**, char**) = before_libraries;

}  // namespace
