/*
 * Publishes to a JetStream stream of a NATS server from a few connections and prints one JSON line.
 *
 *   nats-load HOST PORT CONNECTIONS IN_FLIGHT PAYLOAD_BYTES WARM_UP_MS MEASURE_MS SUBJECT
 *
 * The sibling of mqtt-load for the server's own protocol, which is faster there than its MQTT: each
 * connection keeps IN_FLIGHT publishes without the stream's acknowledgement. All publishes of a
 * connection are the same bytes, so the tool costs about a memory pass for each, and their answers
 * come in their order.
 */
#define _GNU_SOURCE /* memmem */
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
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024, LINE_BYTES = 4096, EVENTS = 64, SUB_BUCKETS = 16, BUCKETS = 64 * SUB_BUCKETS };

struct connection {
  int fd;
  uint8_t *ring;         /* slots packets of packet_bytes each, all alike */
  size_t packet_bytes;
  uint64_t *sent_ns;     /* by slot */
  uint64_t bytes_sent;   /* of packets, since the start */
  uint64_t packets_sent; /* begun */
  uint64_t acked;
  int pongs;             /* owed to the server */
  uint8_t rest[LINE_BYTES]; /* of an answer that was cut */
  size_t rest_bytes;
  int wants_write;
};

static int in_flight, payload_bytes;
static uint32_t slots;
static int epoll_fd;
static uint64_t histogram[BUCKETS];
static uint64_t measure_from_ns, now_cached_ns;
static const char *subject;

static void fail(const char *what) {
  fprintf(stderr, "nats-load: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
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

static void encode_ring(struct connection *c, int number) {
  char head[256];
  int head_bytes = snprintf(head, sizeof head, "PUB %s _I.%d %d\r\n", subject, number, payload_bytes);
  c->packet_bytes = (size_t)head_bytes + (size_t)payload_bytes + 2;
  c->ring = malloc(c->packet_bytes * slots);
  c->sent_ns = calloc(slots, sizeof *c->sent_ns);
  if (!c->ring || !c->sent_ns) fail("no memory");
  for (uint32_t slot = 0; slot < slots; slot++) {
    uint8_t *p = c->ring + c->packet_bytes * slot;
    memcpy(p, head, (size_t)head_bytes), p += head_bytes;
    for (int i = 0; i < payload_bytes; i++) p[i] = (uint8_t)('a' + (slot + (uint32_t)i * 7u) % 26u);
    memcpy(p + payload_bytes, "\r\n", 2);
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
  char hello[256];
  int bytes = snprintf(hello, sizeof hello, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB _I.%d 1\r\nPING\r\n", number);
  if (write(c->fd, hello, (size_t)bytes) != bytes) fail("write CONNECT");
  char answer[16384];
  size_t got = 0;
  while (got < sizeof answer - 1) {
    ssize_t part = read(c->fd, answer + got, sizeof answer - 1 - got);
    if (part <= 0) fail("no answer to CONNECT");
    got += (size_t)part;
    answer[got] = 0;
    if (strstr(answer, "-ERR")) errno = 0, fail(answer);
    if (strstr(answer, "PONG\r\n")) break;
  }
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

static void want_write(struct connection *c, int on) {
  if (c->wants_write == on) return;
  c->wants_write = on;
  struct epoll_event event = {.events = EPOLLIN | (on ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

/* Between two packets only; 0 if the socket takes no more. */
static int write_pongs(struct connection *c) {
  while (c->pongs > 0 && c->bytes_sent % c->packet_bytes == 0) {
    ssize_t written = write(c->fd, "PONG\r\n", 6);
    if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
    if (written != 6) fail("write PONG");
    c->pongs--;
  }
  return 1;
}

static void fill(struct connection *c) {
  uint64_t ring_bytes = (uint64_t)c->packet_bytes * slots;
  for (;;) {
    if (!write_pongs(c)) return want_write(c, 1);
    uint64_t allowed = (c->acked + (uint64_t)in_flight) * c->packet_bytes;
    uint64_t left = allowed > c->bytes_sent ? allowed - c->bytes_sent : 0;
    if (left == 0) return want_write(c, 0);
    uint64_t at = c->bytes_sent % ring_bytes;
    uint64_t first = left < ring_bytes - at ? left : ring_bytes - at;
    struct iovec parts[2] = {{c->ring + at, first}, {c->ring, left - first}};
    ssize_t written = writev(c->fd, parts, left > first ? 2 : 1);
    if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return want_write(c, 1);
    if (written <= 0) fail("write");
    c->bytes_sent += (uint64_t)written;
    uint64_t begun = (c->bytes_sent + c->packet_bytes - 1) / c->packet_bytes;
    for (; c->packets_sent < begun; c->packets_sent++) c->sent_ns[c->packets_sent % slots] = now_cached_ns;
    if ((uint64_t)written < left) return want_write(c, 1);
  }
}

static void take_answer(struct connection *c, const uint8_t *payload, size_t bytes) {
  if (memmem(payload, bytes, "\"error\"", 7) || !memmem(payload, bytes, "\"seq\"", 5)) {
    fprintf(stderr, "nats-load: refused: %.*s\n", (int)bytes, payload);
    exit(1);
  }
  if (c->acked >= c->packets_sent) errno = 0, fail("an acknowledgement for nothing");
  uint64_t sent = c->sent_ns[c->acked % slots];
  c->acked++;
  if (measure_from_ns && sent >= measure_from_ns) histogram[bucket_of(now_cached_ns - sent)]++;
}

/* Bytes of the whole answer at `p`, or 0 while it is cut. */
static size_t take_line(struct connection *c, const uint8_t *p, size_t bytes) {
  const uint8_t *end = memchr(p, '\n', bytes);
  if (!end) return 0;
  size_t line = (size_t)(end - p) + 1;
  if (line >= 4 && memcmp(p, "PING", 4) == 0) return c->pongs++, line;
  if (line >= 4 && (memcmp(p, "INFO", 4) == 0 || memcmp(p, "PONG", 4) == 0)) return line;
  if (line < 8 || memcmp(p, "MSG ", 4) != 0) errno = 0, fail("the server sent something unexpected");
  const uint8_t *number = end;
  while (number[-1] != ' ') number--;
  size_t payload = strtoul((const char *)number, NULL, 10);
  if (bytes < line + payload + 2) return 0;
  take_answer(c, p + line, payload);
  return line + payload + 2;
}

static void drain(struct connection *c) {
  static uint8_t buffer[READ_BYTES + LINE_BYTES];
  memcpy(buffer, c->rest, c->rest_bytes);
  ssize_t got = read(c->fd, buffer + c->rest_bytes, READ_BYTES);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (got == 0) errno = 0, fail("the server closed a connection");
  if (got < 0) fail("read");
  now_cached_ns = now_ns();
  size_t bytes = c->rest_bytes + (size_t)got, at = 0;
  for (size_t used; at < bytes && (used = take_line(c, buffer + at, bytes - at)) > 0;) at += used;
  if (bytes - at > LINE_BYTES) errno = 0, fail("an answer is too long");
  c->rest_bytes = bytes - at;
  memcpy(c->rest, buffer + at, bytes - at);
}

static uint64_t acked_by(const struct connection *all, int connections) {
  uint64_t sum = 0;
  for (int i = 0; i < connections; i++) sum += all[i].acked;
  return sum;
}

static void run_until(uint64_t end_ns) {
  struct epoll_event events[EVENTS];
  for (;;) {
    now_cached_ns = now_ns();
    if (now_cached_ns >= end_ns) return;
    int ready = epoll_wait(epoll_fd, events, EVENTS, (int)((end_ns - now_cached_ns) / 1000000) + 1);
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) drain(c);
      fill(c);
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 9) {
    fprintf(stderr, "usage: nats-load HOST PORT CONNECTIONS IN_FLIGHT PAYLOAD_BYTES WARM_UP_MS "
                    "MEASURE_MS SUBJECT\n");
    return 2;
  }
  int connections = atoi(argv[3]);
  in_flight = atoi(argv[4]), payload_bytes = atoi(argv[5]), subject = argv[8];
  uint64_t warm_up_ns = strtoull(argv[6], NULL, 10) * 1000000;
  uint64_t measure_ns = strtoull(argv[7], NULL, 10) * 1000000;
  if (connections < 1 || in_flight < 1 || in_flight > 16384 || payload_bytes < 0 || strlen(subject) > 100) {
    fprintf(stderr, "nats-load: a number is out of range\n");
    return 2;
  }
  for (slots = 1024; slots < 2u * (uint32_t)in_flight;) slots *= 2;
  struct connection *all = calloc((size_t)connections, sizeof *all);
  epoll_fd = epoll_create1(0);
  if (!all || epoll_fd < 0) fail("no memory");
  for (int i = 0; i < connections; i++) {
    encode_ring(&all[i], i);
    open_connection(&all[i], argv[1], atoi(argv[2]), i);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, all[i].fd, &event);
  }
  uint64_t start_ns = now_cached_ns = now_ns();
  for (int i = 0; i < connections; i++) fill(&all[i]);
  run_until(start_ns + warm_up_ns);
  uint64_t before = acked_by(all, connections);
  uint64_t from_ns = measure_from_ns = now_ns();
  run_until(from_ns + measure_ns);
  double seconds = (double)(now_ns() - from_ns) / 1e9;
  uint64_t acked = acked_by(all, connections) - before;
  printf("{\"acked\":%llu,\"sent\":%llu,\"seconds\":%.3f,", (unsigned long long)acked,
         (unsigned long long)acked, seconds);
  printf("\"perSecond\":%.0f,", (double)acked / seconds);
  printf("\"ackP50Us\":%.1f,\"ackP99Us\":%.1f,\"ackP999Us\":%.1f}\n", percentile_us(0.5),
         percentile_us(0.99), percentile_us(0.999));
  return 0;
}
