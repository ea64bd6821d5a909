/* A simulated libnvidia-ml.so.1: up to 64 GPUs that do what a script says.
 *
 * The script is the file named by NVML_SIMULATION, read again whenever GPUs are counted. Lines:
 *   count N (at init; as a driver does, kept until then) · recount N (at once) · init CODE ·
 *   init_hang SECONDS · driver TEXT · print TEXT (to stdout, at each count)
 *   gpu I|* KEY VALUE, where KEY is
 *     error CODE        every call on it fails so       hang SECONDS   its utilisation takes so long
 *     crash 1           its utilisation aborts          stuck 1        as a hang that SIGKILL cannot end
 *     name TEXT, uuid TEXT   (with \xNN)                temp, sm, clock, power (mW), limit (mW) N
 *     util GPU MEM      mem USED TOTAL (MiB)            throttle HEX
 *     deny SENSOR CODE  one sensor fails: util mem temp power limit sm clock throttle procs name uuid
 *     procs PID:MIB,…   "-" as MIB is "not available"
 * Built with -DWITHOUT_POWER it lacks that symbol; with -DOLD all that younger drivers brought.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <unistd.h>

#define GPUS 64
#define SENSORS 11
#define NOT_AVAILABLE 0xFFFFFFFFFFFFFFFFULL

enum { UTIL, MEM, TEMP, POWER, LIMIT, SM, CLOCK, THROTTLE, PROCS, NAME, UUID };
static const char *SENSOR[SENSORS] = {"util", "mem",      "temp",  "power", "limit", "sm",
                                      "clock", "throttle", "procs", "name",  "uuid"};

typedef struct {
    int error, crash, stuck, deny[SENSORS];
    unsigned hang, util, util_mem, temp, sm, clock, power, limit;
    unsigned long long used, total, throttle;
    char name[96], uuid[96], procs[8192];
} gpu_t;

static gpu_t gpus[GPUS];
static int count, scripted, init_code;
static unsigned init_hang;
static char driver[80], print[256];

static void defaults(void) {
    scripted = 8, init_code = 0, init_hang = 0, print[0] = 0;
    strcpy(driver, "580.65.06");
    memset(gpus, 0, sizeof gpus);
    for (int i = 0; i < GPUS; i++) {
        gpu_t *g = &gpus[i];
        g->util = 90, g->util_mem = 40 + i, g->temp = 50 + i, g->sm = 1700 + i, g->clock = 2600;
        g->power = 400000 + 1000 * i, g->limit = 700000;
        g->used = 10000 + i, g->total = 81559;
        strcpy(g->name, "NVIDIA H100 80GB HBM3");
        snprintf(g->uuid, sizeof g->uuid, "GPU-%08x-0000-0000-0000-000000000000", i);
    }
}

static void unescape(char *to, size_t room, const char *from) {
    size_t n = 0;
    while (*from && *from != '\n' && n + 1 < room) {
        unsigned byte;
        if (from[0] == '\\' && from[1] == 'x' && sscanf(from + 2, "%2x", &byte) == 1)
            to[n++] = (char)byte, from += 4;
        else
            to[n++] = *from++;
    }
    to[n] = 0;
}

static void set(gpu_t *g, const char *key, const char *value) {
    char sensor[16];
    int code;
    if (!strcmp(key, "error")) g->error = atoi(value);
    if (!strcmp(key, "hang")) g->hang = atoi(value);
    if (!strcmp(key, "crash")) g->crash = 1;
    if (!strcmp(key, "stuck")) g->stuck = 1;
    if (!strcmp(key, "name")) unescape(g->name, sizeof g->name, value);
    if (!strcmp(key, "uuid")) unescape(g->uuid, sizeof g->uuid, value);
    if (!strcmp(key, "procs")) unescape(g->procs, sizeof g->procs, value);
    if (!strcmp(key, "temp")) g->temp = atoi(value);
    if (!strcmp(key, "sm")) g->sm = atoi(value);
    if (!strcmp(key, "clock")) g->clock = atoi(value);
    if (!strcmp(key, "power")) g->power = atoi(value);
    if (!strcmp(key, "limit")) g->limit = atoi(value);
    if (!strcmp(key, "throttle")) g->throttle = strtoull(value, NULL, 16);
    if (!strcmp(key, "util")) sscanf(value, "%u %u", &g->util, &g->util_mem);
    if (!strcmp(key, "mem")) sscanf(value, "%llu %llu", &g->used, &g->total);
    if (!strcmp(key, "deny") && sscanf(value, "%15s %d", sensor, &code) == 2)
        for (int i = 0; i < SENSORS; i++)
            if (!strcmp(SENSOR[i], sensor)) g->deny[i] = code;
}

static void load(void) {
    static char line[9000];
    char who[8], key[16];
    const char *path = getenv("NVML_SIMULATION");
    FILE *file = path ? fopen(path, "r") : NULL;
    defaults();
    while (file && fgets(line, sizeof line, file)) {
        int at = 0;
        if (sscanf(line, "gpu %7s %15s %n", who, key, &at) == 2 && at) {
            for (int i = 0; i < GPUS; i++)
                if (who[0] == '*' || atoi(who) == i) set(&gpus[i], key, line + at);
        } else if (sscanf(line, "count %d", &scripted) ||
                   sscanf(line, "recount %d", &count) || sscanf(line, "init %d", &init_code) ||
                   sscanf(line, "init_hang %u", &init_hang)) {
        } else if (!strncmp(line, "driver ", 7)) {
            unescape(driver, sizeof driver, line + 7);
        } else if (!strncmp(line, "print ", 6)) {
            unescape(print, sizeof print, line + 6);
        }
    }
    if (file) fclose(file);
}

/* A dead tracee that its tracer does not reap is what a process stuck in a driver is to its parent:
 * killed, and not gone. The tracer lets go when the script's neighbour "<script>.release" exists. */
static void get_stuck(void) {
    char release[4096];
    pid_t self = getpid(), tracer = fork();
    snprintf(release, sizeof release, "%s.release", getenv("NVML_SIMULATION"));
    if (tracer == 0) {
        setsid();
        for (int fd = 0; fd < 64; fd++) close(fd);
        while (ptrace(PTRACE_SEIZE, self, 0, 0) && access(release, F_OK)) usleep(1000);
        for (int i = 0; i < 6000 && access(release, F_OK); i++) usleep(10000);
        _exit(0);
    }
    prctl(PR_SET_PTRACER, tracer, 0, 0, 0);
    for (;;) pause();
}

static int check(gpu_t *g, int sensor) { return g->error ? g->error : g->deny[sensor]; }

static int number(gpu_t *g, int sensor, unsigned value, unsigned *to) {
    if (!check(g, sensor)) *to = value;
    return check(g, sensor);
}

static int text(const char *from, char *to, unsigned room) {
    if (strlen(from) >= room) return 7;
    strcpy(to, from);
    return 0;
}

int nvmlInit_v2(void) {
    load();
    count = scripted;
    if (init_hang) sleep(init_hang);
    return init_code;
}

int nvmlDeviceGetCount_v2(unsigned *to) {
    load();
    if (print[0]) puts(print), fflush(stdout);
    *to = count;
    return init_code;
}

int nvmlSystemGetDriverVersion(char *to, unsigned room) { return text(driver, to, room); }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, gpu_t **to) {
    *to = &gpus[index];
    return (int)index < count ? gpus[index].error : 2;
}

int nvmlDeviceGetUUID(gpu_t *g, char *to, unsigned room) {
    return check(g, UUID) ? check(g, UUID) : text(g->uuid, to, room);
}

int nvmlDeviceGetName(gpu_t *g, char *to, unsigned room) {
    return check(g, NAME) ? check(g, NAME) : text(g->name, to, room);
}

int nvmlDeviceGetUtilizationRates(gpu_t *g, unsigned to[2]) {
    if (g->crash) abort();
    if (g->stuck) get_stuck();
    if (g->hang) sleep(g->hang);
    to[0] = g->util, to[1] = g->util_mem;
    return check(g, UTIL);
}

int nvmlDeviceGetMemoryInfo(gpu_t *g, unsigned long long to[3]) {
    to[0] = g->total << 20, to[1] = (g->total - g->used) << 20, to[2] = g->used << 20;
    return check(g, MEM);
}

int nvmlDeviceGetTemperature(gpu_t *g, int sensor, unsigned *to) {
    return sensor ? 2 : number(g, TEMP, g->temp, to);
}

#ifndef WITHOUT_POWER
int nvmlDeviceGetPowerUsage(gpu_t *g, unsigned *to) { return number(g, POWER, g->power, to); }
#endif

int nvmlDeviceGetEnforcedPowerLimit(gpu_t *g, unsigned *to) {
    return number(g, LIMIT, g->limit, to);
}

int nvmlDeviceGetClockInfo(gpu_t *g, int kind, unsigned *to) {
    return kind == 1 ? number(g, SM, g->sm, to) : number(g, CLOCK, g->clock, to);
}

static int throttled(gpu_t *g, unsigned long long *to) {
    *to = g->throttle;
    return check(g, THROTTLE);
}

/* Writes each process as {unsigned pid; unsigned long long bytes; …} of the given size. */
static int processes(gpu_t *g, unsigned *room, char *to, size_t size) {
    unsigned found = 0;
    if (check(g, PROCS)) return check(g, PROCS);
    for (char *at = g->procs; *at; found++) {
        unsigned pid = strtoul(at, &at, 10);
        unsigned long long bytes = NOT_AVAILABLE;
        if (*at == ':' && isdigit((unsigned char)at[1])) bytes = strtoull(at + 1, &at, 10) << 20;
        while (*at && *at != ',') at++;
        if (*at) at++;
        if (found < *room) {
            memset(to + found * size, 0, size);
            memcpy(to + found * size, &pid, sizeof pid);
            memcpy(to + found * size + 8, &bytes, sizeof bytes);
        }
    }
    int small = found > *room;
    *room = found;
    return small ? 7 : 0;
}

#ifdef OLD
int nvmlDeviceGetCurrentClocksThrottleReasons(gpu_t *g, unsigned long long *to) {
    return throttled(g, to);
}

int nvmlDeviceGetComputeRunningProcesses(gpu_t *g, unsigned *room, char *to) {
    return processes(g, room, to, 16);
}
#else
int nvmlDeviceGetCurrentClocksEventReasons(gpu_t *g, unsigned long long *to) {
    return throttled(g, to);
}

int nvmlDeviceGetComputeRunningProcesses_v3(gpu_t *g, unsigned *room, char *to) {
    return processes(g, room, to, 24);
}

typedef struct {
    unsigned version;
    unsigned long long total, reserved, free, used;
} memory_v2_t;

int nvmlDeviceGetMemoryInfo_v2(gpu_t *g, memory_v2_t *to) {
    if (to->version != (sizeof *to | 2 << 24)) return 25;
    to->total = g->total << 20, to->reserved = 500ULL << 20, to->used = g->used << 20;
    to->free = to->total - to->reserved - to->used;
    return check(g, MEM);
}
#endif
