/* The host's end of the line: a pseudo-terminal, a symlink to it, and a queue in front that loses nothing by itself. */
#include "desk.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define QUIET_LOOKS 4          /* so often, 2 ms apart, must the kernel's buffer be empty to count as read */

static void link_to(const char *path, const char *slave)
{
    struct stat there;
    char draft[4096];
    if (lstat(path, &there) == 0 && !S_ISLNK(there.st_mode))
        die(EXIT_FAILED, "%s exists and is no link; give another name for the port", path);
    if (snprintf(draft, sizeof draft, "%s.%d", path, (int)getpid()) >= (int)sizeof draft)
        die(EXIT_FAILED, "%s: the name is too long", path);
    if (symlink(slave, draft) || rename(draft, path)) {
        int why = errno;
        unlink(draft);
        die(EXIT_FAILED, "%s: %s", path, strerror(why));
    }
}

static bool is_ours(const struct desk *desk)
{
    char target[sizeof desk->port.slave];
    ssize_t n = readlink(desk->options->port, target, sizeof target - 1);
    return n > 0 && (size_t)n == strlen(desk->port.slave) && !memcmp(target, desk->port.slave, (size_t)n);
}

void port_open(struct desk *desk)
{
    struct port *port = &desk->port;
    port->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port->master < 0 || grantpt(port->master) || unlockpt(port->master) ||
        ptsname_r(port->master, port->slave, sizeof port->slave))
        die(EXIT_FAILED, "no pseudo-terminal to be had: %s", strerror(errno));
    /* Raw before the host opens it: an echo would come back to the board as commands. Opened and closed once, the
       master knows that nobody is there. */
    int slave = open(port->slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios raw;
    if (slave < 0 || tcgetattr(slave, &raw))
        die(EXIT_FAILED, "%s: %s", port->slave, strerror(errno));
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    close(slave);
    port->plugged = true;
    link_to(desk->options->port, port->slave);
}

void port_close(struct desk *desk)
{
    if (!desk->port.plugged)
        return;
    if (is_ours(desk))
        unlink(desk->options->port);
    close(desk->port.master);
    desk->port.plugged = false;
    desk->port.lost += desk->port.count + port_waiting(desk);
    desk->port.count = desk->port.ready_head = desk->port.ready_end = 0;
}

bool port_has_host(const struct desk *desk)
{
    struct pollfd look = {.fd = desk->port.master, .events = POLLOUT};
    return desk->port.plugged && poll(&look, 1, 0) >= 0 && !(look.revents & (POLLHUP | POLLERR));
}

/* Bytes that are due and that the kernel has not taken. */
size_t port_waiting(const struct desk *desk)
{
    return desk->port.ready_end - desk->port.ready_head;
}

void port_send(struct desk *desk, uint8_t byte)
{
    struct port *port = &desk->port;
    byte = faults_bend(desk, byte);
    if (!port->plugged ||
        (port->stalled && port->count >= port->bridge_bytes)) {
        port->lost++;
        return;
    }
    if (port->count == port->size) {
        size_t old = port->size;
        port->queue = grow(port->queue, &port->size, old + 1, sizeof *port->queue);
        memmove(port->queue + port->size - (old - port->head), port->queue + port->head,
                (old - port->head) * sizeof *port->queue);
        if (old)
            port->head += port->size - old;
    }
    double due_us = true_us(desk, desk->avr->cycle) + desk->faults.latency_us;
    if (due_us < port->last_due_us)
        due_us = port->last_due_us; /* a latency that ends must not turn bytes round */
    port->last_due_us = due_us;
    port->queue[(port->head + port->count++) % port->size] = (struct port_byte){.due_us = due_us, .byte = byte};
}

static void make_ready(struct desk *desk, double until_us)
{
    struct port *port = &desk->port;
    if (port->ready_head == port->ready_end)
        port->ready_head = port->ready_end = 0;
    port->ready = grow(port->ready, &port->ready_size, port->ready_end + port->count, 1);
    while (port->count && port->queue[port->head].due_us <= until_us) {
        port->ready[port->ready_end++] = port->queue[port->head].byte;
        port->head = (port->head + 1) % port->size;
        port->count--;
    }
}

static void give(struct desk *desk)
{
    struct port *port = &desk->port;
    while (port->ready_head < port->ready_end) {
        ssize_t n = write(port->master, port->ready + port->ready_head, port->ready_end - port->ready_head);
        if (n > 0) {
            port->ready_head += (size_t)n;
            continue;
        }
        if (n < 0 && errno == EIO && desk->options->paced) { /* nobody has the port open: as with a real one */
            port->unheard += port->ready_end - port->ready_head;
            port->ready_head = port->ready_end = 0;
        }
        return;
    }
}

static void take_speed(struct desk *desk)
{
    static const struct { speed_t code; double baud; } speeds[] = {
        {B9600, 9600}, {B19200, 19200}, {B38400, 38400}, {B57600, 57600}, {B115200, 115200}, {B230400, 230400},
        {B460800, 460800}, {B500000, 500000}, {B921600, 921600}, {B1000000, 1000000}, {B2000000, 2000000},
    };
    struct termios now;
    if (tcgetattr(desk->port.master, &now))
        return;
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++)
        if (speeds[i].code == cfgetospeed(&now))
            desk->uart.host_baud = speeds[i].baud;
}

/* Give what is due, and take what the host sent if `listen`. Never waits. */
void port_service(struct desk *desk, bool listen)
{
    struct port *port = &desk->port;
    if (!port->plugged)
        return;
    if (desk->options->baud_of_host)
        take_speed(desk);
    uart_listen(desk);
    if (!port->stalled)
        make_ready(desk, true_us(desk, desk->avr->cycle));
    give(desk);
    uint8_t bytes[256];
    ssize_t n;
    while (listen && (n = read(port->master, bytes, sizeof bytes)) > 0)
        uart_from_host(desk, bytes, (size_t)n);
}

/* Wait in wall time until the host sends or takes something. */
void port_wait(struct desk *desk, int milliseconds)
{
    if (port_has_host(desk)) {
        struct pollfd look = {.fd = desk->port.master, .events = POLLIN};
        if (port_waiting(desk))
            look.events |= POLLOUT;
        poll(&look, 1, milliseconds);
        return;
    }
    struct timespec nap = {.tv_nsec = 1000000L * (milliseconds < 2 ? milliseconds : 2)};
    nanosleep(&nap, NULL);
}

static bool all_read(struct desk *desk)
{
    int waiting = 0, slave = open(desk->port.slave, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (slave < 0)
        return true;
    ioctl(slave, FIONREAD, &waiting);
    close(slave);
    return waiting == 0;
}

/* Wait until the host has read everything: what a pseudo-terminal still holds when it is closed is lost. */
bool port_drain(struct desk *desk, double wall_s)
{
    if (!desk->port.plugged)
        return true;
    uart_listen(desk);
    make_ready(desk, INFINITY);
    const struct timespec nap = {.tv_nsec = 2000000};
    int quiet = 0;
    for (double waited = 0.0; waited < wall_s && !stop_asked; waited += 0.002) {
        bool host = port_has_host(desk);
        if (!host && desk->options->paced)
            return true;
        give(desk);
        quiet = host && !port_waiting(desk) && all_read(desk) ? quiet + 1 : 0;
        if (quiet == QUIET_LOOKS || (!host && !port_waiting(desk)))
            return true;
        nanosleep(&nap, NULL);
    }
    return false;
}
