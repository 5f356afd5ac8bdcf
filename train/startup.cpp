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

void say(const char* text, int size) {
  if (write(STDERR_FILENO, text, static_cast<std::size_t>(size)) != size) _exit(1);
}

#if defined(__x86_64__)
/// The rest of the program is made of instructions that a processor must have, or it ends without a word.
void check_processor() {
  __builtin_cpu_init();
  char lacked[320] = "";
  const auto note = [&](const char* name, bool there) {
    if (there) return;
    if (lacked[0] != '\0') std::strcat(lacked, ", ");
    std::strcat(lacked, name);
  };
#define NEEDS(feature) note(#feature, __builtin_cpu_supports(#feature) != 0);
  HEDDLE_FEATURES
#undef NEEDS
  note("", true);  // where nothing is needed
  if (lacked[0] == '\0') return;
  char text[640];
  say(text, std::snprintf(text, sizeof text,
                          "heddle: built for a processor that has %s, which this one lacks; build it again on this "
                          "machine, or for any with -DHEDDLE_NATIVE=OFF\n",
                          lacked));
  _exit(1);
}
#else
void check_processor() {}
#endif

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
  say(text, size);
  _exit(1);
}

__attribute__((no_sanitize("address", "undefined"))) void before_libraries(int, char**, char** environment) {
  check_processor();
  forget_binding(environment);
  check_address_space();
}

__attribute__((section(".preinit_array"), used)) void (*const first)(int, char**, char**) = before_libraries;

}  // namespace
