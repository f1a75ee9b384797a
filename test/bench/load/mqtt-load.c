/*
 * Drives an MQTT 3.1.1 server with PUBLISH packets from a few connections and prints one JSON line.
 *
 *   mqtt-load HOST PORT CONNECTIONS IN_FLIGHT PAYLOAD_BYTES QOS WARM_UP_MS MEASURE_MS
 *
 * Each connection owns a ring of packets that were encoded beforehand, one for each packet
 * identifier, and keeps IN_FLIGHT of them unanswered. So the tool costs about two memory passes a
 * packet, and what limits the figure is the server. At QoS 0 it writes as fast as the sockets take
 * it.
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
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024, EVENTS = 64, SUB_BUCKETS = 16, BUCKETS = 64 * SUB_BUCKETS };

struct connection {
  int fd;
  uint8_t *ring;          /* slots packets of packet_bytes each */
  uint64_t *sent_ns;      /* by slot: when it was handed to the kernel */
  uint64_t bytes_sent;    /* since the start */
  uint64_t packets_sent;  /* begun */
  uint64_t acked;
  uint8_t rest[4];        /* of a PUBACK that was cut */
  int rest_bytes;
  int wants_write;
};

static int in_flight, qos, payload_bytes;
static uint32_t slots;
static size_t packet_bytes;
static int epoll_fd;
static uint64_t histogram[BUCKETS];
static uint64_t measure_from_ns, now_cached_ns;
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
  if (!c->ring || !c->sent_ns) fail("no memory");
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

/* Sends what the window allows, at most one lap of the ring. */
static void fill(struct connection *c) {
  uint64_t ring_bytes = (uint64_t)packet_bytes * slots;
  for (;;) {
    uint64_t allowed = c->bytes_sent + ring_bytes;
    if (qos) allowed = (c->acked + (uint64_t)in_flight) * packet_bytes;
    uint64_t left = allowed - c->bytes_sent;
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
      c->sent_ns[c->packets_sent % slots] = now_cached_ns;
    }
    if ((uint64_t)written < left) return want_write(c, 1);
    if (!qos) return want_write(c, 1);
  }
}

static void take_puback(struct connection *c, const uint8_t *p) {
  if (p[0] != 0x40 || p[1] != 2) errno = 0, fail("the server sent something that is not a PUBACK");
  uint32_t id = (uint32_t)p[2] << 8 | p[3];
  if (id == 0 || id > slots || c->acked >= c->packets_sent) errno = 0, fail("a PUBACK for nothing");
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
  for (; at + 4 <= bytes; at += 4) take_puback(c, buffer + at);
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
    fprintf(stderr, "usage: mqtt-load HOST PORT CONNECTIONS IN_FLIGHT PAYLOAD_BYTES QOS "
                    "WARM_UP_MS MEASURE_MS\n");
    return 2;
  }
  int connections = atoi(argv[3]);
  in_flight = atoi(argv[4]), payload_bytes = atoi(argv[5]), qos = atoi(argv[6]);
  uint64_t warm_up_ns = strtoull(argv[7], NULL, 10) * 1000000;
  uint64_t measure_ns = strtoull(argv[8], NULL, 10) * 1000000;
  int window_fits = in_flight >= 1 && in_flight <= 16384;
  if (connections < 1 || !window_fits || payload_bytes < 0 || qos < 0 || qos > 1) {
    fprintf(stderr, "mqtt-load: a number is out of range\n");
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
  count(all, connections);
  uint64_t acked_before = acked_total, sent_before = sent_total;
  uint64_t from_ns = measure_from_ns = now_ns();
  run_until(from_ns + measure_ns);
  double seconds = (double)(now_ns() - from_ns) / 1e9;
  count(all, connections);
  uint64_t acked = acked_total - acked_before, sent = sent_total - sent_before;
  printf("{\"acked\":%llu,\"sent\":%llu,\"seconds\":%.3f,", (unsigned long long)acked,
         (unsigned long long)sent, seconds);
  printf("\"perSecond\":%.0f,\"ackP50Us\":%.1f,\"ackP99Us\":%.1f}\n",
         (double)(qos ? acked : sent) / seconds, percentile_us(0.5), percentile_us(0.99));
  return 0;
}
