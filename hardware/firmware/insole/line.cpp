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
volatile uint8_t received_tail;

}  // namespace

SendRing send_ring;

// The one interrupt in assembly: at 2000 Hz it comes 64000 times a second. In C:
//
//   UDR0 = send_ring.bytes[send_ring.tail];
//   send_ring.tail += 1;
//   if (send_ring.tail == send_ring.head) UCSR0B &= ~_BV(UDRIE0);
//
// The compiler's version saves five registers more than these lines need, and takes 60 cycles instead of 41.
ISR(LINE_EMPTY_vect, ISR_NAKED) {
  asm volatile(
      "push r24\n\t"
      "in r24, __SREG__\n\t"
      "push r24\n\t"
      "push r30\n\t"
      "push r31\n\t"
      "lds r24, %[tail]\n\t"
      "mov r30, r24\n\t"
      "ldi r31, 0\n\t"
      "subi r30, lo8(-(%[bytes]))\n\t"
      "sbci r31, hi8(-(%[bytes]))\n\t"
      "ld r30, Z\n\t"
      "sts %[udr], r30\n\t"
      "inc r24\n\t"
      "sts %[tail], r24\n\t"
      "lds r30, %[head]\n\t"
      "cpse r24, r30\n\t"
      "rjmp 1f\n\t"
      "lds r24, %[control]\n\t"
      "andi r24, %[off]\n\t"
      "sts %[control], r24\n"
      "1:\n\t"
      "pop r31\n\t"
      "pop r30\n\t"
      "pop r24\n\t"
      "out __SREG__, r24\n\t"
      "pop r24\n\t"
      "reti"
      :
      : [bytes] "i"(send_ring.bytes), [head] "i"(&send_ring.head), [tail] "i"(&send_ring.tail),
        [udr] "n"(_SFR_MEM_ADDR(UDR0)), [control] "n"(_SFR_MEM_ADDR(UCSR0B)),
        [off] "n"(0xFF & ~_BV(UDRIE0)));
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
  in_order();
  byte = received[received_tail];
  in_order();
  received_tail = (received_tail + 1) & (RECEIVE_BYTES - 1);
  return true;
}
