/* EEPROM: simavr writes a byte in no time; the chip needs 3.4 ms, and says so with EEPE. */
#include "desk.h"

#include <simavr/avr_eeprom.h>

enum { EECR = 0x3f, EEPE = 1, EEMPE = 2 };

#define WRITE_US 3400

static avr_cycle_count_t on_written(avr_t *avr, avr_cycle_count_t when, void *param)
{
    (void)when;
    (void)param;
    avr->data[EECR] &= (uint8_t)~(1 << EEPE);
    return 0;
}

static void on_eecr(avr_t *avr, avr_io_addr_t addr, uint8_t value, void *param)
{
    struct desk *desk = param;
    bool busy = avr->data[addr] >> EEPE & 1;
    bool writes = (value >> EEPE & 1) && (avr->data[addr] >> EEMPE & 1) && !busy;
    if (busy)
        value &= (uint8_t)~(1 << EEPE);
    desk->eecr.c(avr, addr, value, desk->eecr.param);
    if (writes)
        avr_cycle_timer_register_usec(avr, WRITE_US, on_written, desk);
    if (writes || busy)
        avr->data[addr] |= 1 << EEPE;
}

void eeprom_attach(struct desk *desk)
{
    desk->eecr.c = desk->avr->io[AVR_DATA_TO_IO(EECR)].w.c;
    desk->eecr.param = desk->avr->io[AVR_DATA_TO_IO(EECR)].w.param;
    desk->avr->io[AVR_DATA_TO_IO(EECR)].w.c = on_eecr;
    desk->avr->io[AVR_DATA_TO_IO(EECR)].w.param = desk;
}
