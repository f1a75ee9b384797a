/*
 * Drives an MQTT 3.1.1 server with PUBLISH packets from a few connections and prints one JSON line.
 *
 *   mqtt-load HOST PORT CONNECTIONS IN_FLIGHT PAYLOAD_BYTES QOS WARM_UP_MS MEASURE_MS RATE
 *
 * Each connection owns a ring of packets that were encoded beforehand, one for each packet
 * identifier, and keeps IN_FLIGHT of them unanswered. So the tool costs about two memory passes a
 * packet, and what limits the figure is the server. At QoS 0 it writes as fast as the sockets take
 * it. At QoS 2 an answer is PUBCOMP. RATE above 0 sends that many publishes a second over all
 * connections, on schedule: what the window holds back counts as late from when it was due.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { TICK_NS = 200000, READ_BYTES = 256 * 1024, EVENTS = 64, SUB_BUCKETS = 16, BUCKETS = 64 * SUB_BUCKETS };

struct connection {
  int fd;
  uint8_t *ring;          /* slots packets of packet_bytes each */
  uint64_t *sent_ns;      /* by slot: when it was handed to the kernel */
  uint64_t bytes_sent;    /* since the start */
  uint64_t packets_sent;  /* begun */
  uint64_t acked;
  uint64_t due;           /* may be sent by now, where there is a rate */
  double share;           /* of the time between two packets, by which this one is later */
  uint8_t *releases;      /* PUBRELs that wait for the socket */
  size_t release_bytes;
  uint8_t rest[4];        /* of a PUBACK that was cut */
  int rest_bytes;
  int wants_write;
};

static int in_flight, qos, payload_bytes;
static double rate; /* publishes a second of each connection; 0: as many as the window allows */
static uint32_t slots;
static size_t packet_bytes;
static int epoll_fd, timer_fd;
static uint64_t histogram[BUCKETS];
static uint64_t measure_from_ns, now_cached_ns, start_ns;
static uint64_t acked_total, sent_total;

static void fail(const char *what) {
  fprintf(stderr, "mqtt-load: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* Log-linear: 16 steps in each doubling, so a percentile is exact to about 6 %. */
static int bucket_of(uint64_t value) {
  if (value < SUB_BUCKETS) return (int)value;
  int shift = 63 - __builtin_clzll(value) - 4;
  return (shift + 1) * SUB_BUCKETS + (int)((value >> shift) & (SUB_BUCKETS - 1));
}

static uint64_t bucket_value(int bucket) {
  if (bucket < SUB_BUCKETS) return (uint64_t)bucket;
  int shift = bucket / SUB_BUCKETS - 1;
  return ((uint64_t)SUB_BUCKETS + (uint64_t)(bucket % SUB_BUCKETS)) << shift;
}

static double percentile_us(double share) {
  uint64_t all = 0, seen = 0;
  for (int i = 0; i < BUCKETS; i++) all += histogram[i];
  for (int i = 0; i < BUCKETS; i++) {
    seen += histogram[i];
    if (all > 0 && (double)seen >= share * (double)all) return (double)bucket_value(i) / 1000.0;
  }
  return 0;
}

static size_t put_length(uint8_t *to, size_t value) {
  size_t used = 0;
  do {
    to[used] = (uint8_t)(value & 127);
    value >>= 7;
    if (value > 0) to[used] |= 128;
    used++;
  } while (value > 0);
  return used;
}

/* One packet for each identifier 1..slots, all of one size. */
static void encode_ring(struct connection *c, int number) {
  char topic[32];
  int topic_bytes = snprintf(topic, sizeof topic, "bench/%04d", number);
  size_t body = 2 + (size_t)topic_bytes + (qos ? 2 : 0) + (size_t)payload_bytes;
  uint8_t length[4];
  size_t length_bytes = put_length(length, body);
  packet_bytes = 1 + length_bytes + body;
  c->ring = malloc(packet_bytes * slots);
  c->sent_ns = calloc(slots, sizeof *c->sent_ns);
  c->releases = malloc(4u * slots);
  if (!c->ring || !c->sent_ns || !c->releases) fail("no memory");
  for (uint32_t slot = 0; slot < slots; slot++) {
    uint8_t *p = c->ring + packet_bytes * slot;
    *p++ = (uint8_t)(0x30 | (qos << 1));
    memcpy(p, length, length_bytes), p += length_bytes;
    *p++ = (uint8_t)(topic_bytes >> 8), *p++ = (uint8_t)topic_bytes;
    memcpy(p, topic, (size_t)topic_bytes), p += topic_bytes;
    if (qos) *p++ = (uint8_t)((slot + 1) >> 8), *p++ = (uint8_t)(slot + 1);
    for (int i = 0; i < payload_bytes; i++) p[i] = (uint8_t)('a' + (slot + (uint32_t)i * 7u) % 26u);
  }
}

static void open_connection(struct connection *c, const char *host, int port, int number) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) fail("the host must be an IPv4 address");
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0) fail("socket");
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  int on = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  char id[32];
  int id_bytes = snprintf(id, sizeof id, "load-%d-%d", (int)getpid(), number);
  uint8_t packet[64] = {0x10, (uint8_t)(12 + id_bytes), 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0,
                        0,    (uint8_t)id_bytes};
  memcpy(packet + 14, id, (size_t)id_bytes);
  if (write(c->fd, packet, (size_t)(14 + id_bytes)) != 14 + id_bytes) fail("write CONNECT");
  uint8_t connack[4];
  if (recv(c->fd, connack, 4, MSG_WAITALL) != 4) fail("no CONNACK");
  if (connack[0] != 0x20 || connack[3] != 0) errno = 0, fail("CONNECT was refused");
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

static void want_write(struct connection *c, int on) {
  if (c->wants_write == on) return;
  c->wants_write = on;
  struct epoll_event event = {.events = EPOLLIN | (on ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

/* Writes the rest of a packet that was cut, then the PUBRELs; 0 if the socket takes no more. */
static int write_releases(struct connection *c) {
  uint64_t cut = c->bytes_sent % packet_bytes;
  if (c->release_bytes == 0) return 1;
  struct iovec parts[2];
  int count = 0;
  uint64_t first = cut ? packet_bytes - cut : 0;
  if (first) {
    uint64_t at = c->bytes_sent % ((uint64_t)packet_bytes * slots);
    parts[count++] = (struct iovec){c->ring + at, first};
  }
  parts[count++] = (struct iovec){c->releases, c->release_bytes};
  ssize_t written = writev(c->fd, parts, count);
  if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
  if (written <= 0) fail("write");
  uint64_t of_packet = (uint64_t)written < first ? (uint64_t)written : first;
  c->bytes_sent += of_packet;
  size_t of_releases = (size_t)written - of_packet;
  if (of_releases % 4) errno = 0, fail("a PUBREL was cut: the socket buffer is too small");
  memmove(c->releases, c->releases + of_releases, c->release_bytes - of_releases);
  c->release_bytes -= of_releases;
  return c->release_bytes == 0;
}

/* When a packet was to be sent: its latency begins there. */
static uint64_t sent_at(const struct connection *c, uint64_t packet) {
  if (rate == 0) return now_cached_ns;
  uint64_t due_ns = start_ns + (uint64_t)(((double)packet + c->share) * 1e9 / rate);
  return due_ns < now_cached_ns ? due_ns : now_cached_ns;
}

/* Sends what window and rate allow, at most one lap of the ring. */
static void fill(struct connection *c) {
  uint64_t ring_bytes = (uint64_t)packet_bytes * slots;
  for (;;) {
    if (!write_releases(c)) return want_write(c, 1);
    uint64_t packets = qos ? c->acked + (uint64_t)in_flight : c->packets_sent + slots;
    if (rate > 0 && c->due < packets) packets = c->due;
    uint64_t allowed = packets * packet_bytes;
    if (!qos && rate == 0) allowed = c->bytes_sent + ring_bytes;
    uint64_t left = allowed > c->bytes_sent ? allowed - c->bytes_sent : 0;
    if (left == 0) return want_write(c, 0);
    uint64_t at = c->bytes_sent % ring_bytes;
    uint64_t first = left < ring_bytes - at ? left : ring_bytes - at;
    struct iovec parts[2] = {{c->ring + at, first}, {c->ring, left - first}};
    ssize_t written = writev(c->fd, parts, left > first ? 2 : 1);
    if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return want_write(c, 1);
    if (written <= 0) fail("write");
    c->bytes_sent += (uint64_t)written;
    uint64_t begun = (c->bytes_sent + packet_bytes - 1) / packet_bytes;
    for (; c->packets_sent < begun; c->packets_sent++) {
      c->sent_ns[c->packets_sent % slots] = sent_at(c, c->packets_sent);
    }
    if ((uint64_t)written < left) return want_write(c, 1);
    if (!qos && rate == 0) return want_write(c, 1);
  }
}

static void take_answer(struct connection *c, const uint8_t *p) {
  uint8_t last = qos == 2 ? 0x70 : 0x40;
  uint32_t id = (uint32_t)p[2] << 8 | p[3];
  if (p[1] != 2 || id == 0 || id > slots) errno = 0, fail("the server sent something unexpected");
  if (qos == 2 && p[0] == 0x50) {
    if (c->release_bytes + 4 > 4u * slots) errno = 0, fail("more PUBRECs than PUBLISHes");
    memcpy(c->releases + c->release_bytes, (uint8_t[]){0x62, 2, p[2], p[3]}, 4);
    c->release_bytes += 4;
    return;
  }
  if (p[0] != last) errno = 0, fail("the server sent something that is no acknowledgement");
  if (c->acked >= c->packets_sent) errno = 0, fail("an acknowledgement for nothing");
  c->acked++;
  if (measure_from_ns && c->sent_ns[id - 1] >= measure_from_ns) {
    histogram[bucket_of(now_cached_ns - c->sent_ns[id - 1])]++;
  }
}

static void drain(struct connection *c) {
  static uint8_t buffer[READ_BYTES + 4];
  memcpy(buffer, c->rest, (size_t)c->rest_bytes);
  ssize_t got = read(c->fd, buffer + c->rest_bytes, READ_BYTES);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (got == 0) errno = 0, fail("the server closed a connection");
  if (got < 0) fail("read");
  now_cached_ns = now_ns();
  size_t bytes = (size_t)c->rest_bytes + (size_t)got, at = 0;
  for (; at + 4 <= bytes; at += 4) take_answer(c, buffer + at);
  c->rest_bytes = (int)(bytes - at);
  memcpy(c->rest, buffer + at, bytes - at);
}

static void count(struct connection *all, int connections) {
  acked_total = sent_total = 0;
  for (int i = 0; i < connections; i++) {
    acked_total += all[i].acked;
    sent_total += all[i].bytes_sent / packet_bytes;
  }
}

/* Connections are due one after the other, not all in the same millisecond. */
static void make_due(struct connection *all, int connections) {
  double passed = (double)(now_cached_ns - start_ns) / 1e9;
  for (int i = 0; i < connections; i++) {
    double due = passed * rate - all[i].share + 1;
    uint64_t whole = due < 0 ? 0 : (uint64_t)due;
    if (whole == all[i].due) continue;
    all[i].due = whole;
    fill(&all[i]);
  }
}

static void run_until(uint64_t end_ns, struct connection *all, int connections) {
  struct epoll_event events[EVENTS];
  for (;;) {
    now_cached_ns = now_ns();
    if (now_cached_ns >= end_ns) return;
    if (rate > 0) make_due(all, connections);
    int wait_ms = (int)((end_ns - now_cached_ns) / 1000000) + 1;
    int ready = epoll_wait(epoll_fd, events, EVENTS, wait_ms);
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      if (c == NULL) {
        uint64_t ticks;
        if (read(timer_fd, &ticks, sizeof ticks) < 0 && errno != EAGAIN) fail("read timer");
        continue;
      }
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) drain(c);
      fill(c);
    }
  }
}

/* Wakes the loop in time for what is due; epoll_wait itself counts in milliseconds. */
static void start_ticking(void) {
  timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct itimerspec tick = {{0, TICK_NS}, {0, TICK_NS}};
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (timer_fd < 0 || timerfd_settime(timer_fd, 0, &tick, NULL) != 0) fail("timerfd");
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &event);
}

int main(int argc, char **argv) {
  if (argc != 10) {
    fprintf(stderr, "usage: mqtt-load HOST PORT CONNECTIONS IN_FLIGHT PAYLOAD_BYTES QOS "
                    "WARM_UP_MS MEASURE_MS RATE\n");
    return 2;
  }
  int connections = atoi(argv[3]);
  in_flight = atoi(argv[4]), payload_bytes = atoi(argv[5]), qos = atoi(argv[6]);
  uint64_t warm_up_ns = strtoull(argv[7], NULL, 10) * 1000000;
  uint64_t measure_ns = strtoull(argv[8], NULL, 10) * 1000000;
  int window_fits = in_flight >= 1 && in_flight <= 16384;
  if (connections < 1 || !window_fits || payload_bytes < 0 || qos < 0 || qos > 2 || atof(argv[9]) < 0) {
    fprintf(stderr, "mqtt-load: a number is out of range\n");
    return 2;
  }
  for (slots = 1024; slots < 2u * (uint32_t)in_flight;) slots *= 2;
  struct connection *all = calloc((size_t)connections, sizeof *all);
  epoll_fd = epoll_create1(0);
  if (!all || epoll_fd < 0) fail("no memory");
  for (int i = 0; i < connections; i++) {
    all[i].share = (double)i / connections;
    encode_ring(&all[i], i);
    open_connection(&all[i], argv[1], atoi(argv[2]), i);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, all[i].fd, &event);
  }
  rate = atof(argv[9]) / connections;
  if (rate > 0) start_ticking();
  start_ns = now_cached_ns = now_ns();
  for (int i = 0; i < connections; i++) fill(&all[i]);
  run_until(start_ns + warm_up_ns, all, connections);
  count(all, connections);
  uint64_t acked_before = acked_total, sent_before = sent_total;
  uint64_t from_ns = measure_from_ns = now_ns();
  run_until(from_ns + measure_ns, all, connections);
  double seconds = (double)(now_ns() - from_ns) / 1e9;
  count(all, connections);
  uint64_t acked = acked_total - acked_before, sent = sent_total - sent_before;
  printf("{\"acked\":%llu,\"sent\":%llu,\"seconds\":%.3f,", (unsigned long long)acked,
         (unsigned long long)sent, seconds);
  printf("\"perSecond\":%.0f,", (double)(qos ? acked : sent) / seconds);
  printf("\"ackP50Us\":%.1f,\"ackP99Us\":%.1f,\"ackP999Us\":%.1f}\n", percentile_us(0.5),
         percentile_us(0.99), percentile_us(0.999));
  return 0;
}
