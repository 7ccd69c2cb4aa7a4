/* The boards that can lie on the desk: chip, pins by name, cost of an interrupt. No other file knows a board. */
#ifndef BOARDS_H
#define BOARDS_H

#include <stdbool.h>
#include <stdint.h>

struct pin {
    const char *name; /* as printed on the board */
    char port;        /* PORTx */
    uint8_t bit;
};

struct vector_name {
    uint8_t vector;
    const char *name;
};

struct board {
    const char *name;
    const char *mcu;           /* what simavr calls the chip */
    unsigned elf_machine;      /* EF_AVR_MACH of an ELF built for it: avr5 or avr6 */
    unsigned entry_cycles;     /* an interrupt's way to its vector; RETI takes as long */
    unsigned wake_cycles;      /* added if the interrupt wakes the chip */
    struct pin sync_in;
    struct pin belt;
    struct pin sync_out;
    bool multiplexed;          /* a CD74HC4067 between the sensors and one ADC pin */
    struct pin select[4];      /* its S0..S3 */
    uint8_t common;            /* its common pin: this ADC channel */
    uint8_t timer0_compa;      /* vectors that can trigger a conversion */
    uint8_t timer1_compb;
    struct vector_name vectors[11];
};

static const struct board BOARDS[] = {
    {
        .name = "mega", .mcu = "atmega2560", .elf_machine = 6, .entry_cycles = 5, .wake_cycles = 5,
        .sync_in = {"D3", 'E', 5}, .belt = {"D2", 'E', 4}, .sync_out = {"D8", 'H', 5},
        .multiplexed = false,
        .timer0_compa = 21, .timer1_compb = 18,
        .vectors = {{5, "INT4"}, {6, "INT5"}, {12, "WDT"}, {17, "TIMER1_COMPA"}, {18, "TIMER1_COMPB"},
                    {20, "TIMER1_OVF"}, {23, "TIMER0_OVF"}, {25, "USART0_RX"}, {26, "USART0_UDRE"},
                    {27, "USART0_TX"}, {29, "ADC"}},
    },
    {
        .name = "uno", .mcu = "atmega328p", .elf_machine = 5, .entry_cycles = 4, .wake_cycles = 4,
        .sync_in = {"D3", 'D', 3}, .belt = {"D2", 'D', 2}, .sync_out = {"D8", 'B', 0},
        .multiplexed = true,
        .select = {{"D4", 'D', 4}, {"D5", 'D', 5}, {"D6", 'D', 6}, {"D7", 'D', 7}}, .common = 0,
        .timer0_compa = 14, .timer1_compb = 12,
        .vectors = {{1, "INT0"}, {2, "INT1"}, {6, "WDT"}, {11, "TIMER1_COMPA"}, {12, "TIMER1_COMPB"},
                    {13, "TIMER1_OVF"}, {16, "TIMER0_OVF"}, {18, "USART_RX"}, {19, "USART_UDRE"},
                    {20, "USART_TX"}, {21, "ADC"}},
    },
};

#endif
