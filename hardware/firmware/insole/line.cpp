#include "line.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "board.h"
#include "events.h"

namespace {

const uint32_t DIVISOR = F_CPU / 8 / INSOLE_BAUD;  // U2X set: one bit is 8 (UBRR + 1) cycles (ds 2560 section 22.3.1)
static_assert(DIVISOR * 8 * INSOLE_BAUD == F_CPU, "INSOLE_BAUD does not divide 16 MHz / 8");
static_assert(INSOLE_BAUD >= 250000, "a line below 250000 baud can't carry the usual 1000 Hz, nor half of it");

// The host sends a command of up to 8 bytes and waits. What comes while a frame is encoded must fit.
const uint8_t RECEIVE_BYTES = 64;
uint8_t received[RECEIVE_BYTES];
volatile uint8_t received_head;
uint8_t received_tail;

}  // namespace

SendRing send_ring;

ISR(LINE_EMPTY_vect) {
  const uint8_t tail = send_ring.tail;
  UDR0 = send_ring.bytes[tail];
  const uint8_t next = static_cast<uint8_t>(tail + 1);
  send_ring.tail = next;
  if (next == send_ring.head) {
    UCSR0B &= ~_BV(UDRIE0);
    raise_event();  // what found no room may have some now
  }
}

ISR(LINE_RECEIVED_vect) {
  // A byte with a framing error is kept: the CRC is a better judge than the line.
  const uint8_t byte = UDR0;
  const uint8_t next = (received_head + 1) & (RECEIVE_BYTES - 1);
  if (next == received_tail) return;
  received[received_head] = byte;
  received_head = next;
  raise_event();
}

void line_begin() {
  UCSR0A = _BV(U2X0);
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);  // 8 data bits, no parity, 1 stop bit
  UBRR0H = (DIVISOR - 1) >> 8;
  UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
  UBRR0L = static_cast<uint8_t>(DIVISOR - 1);  // last: this write sets the baud rate (ds 2560 section 22.3)
}

void line_send() {
  const uint8_t before = SREG;
  cli();  // the interrupt clears the same bit when the ring runs empty
  if (send_ring.head != send_ring.tail) UCSR0B |= _BV(UDRIE0);
  SREG = before;
}

bool line_receive(uint8_t &byte) {
  if (received_tail == received_head) return false;
  byte = received[received_tail];
  received_tail = (received_tail + 1) & (RECEIVE_BYTES - 1);
  return true;
}
