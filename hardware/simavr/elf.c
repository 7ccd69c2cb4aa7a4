/* The firmware's ELF file: flash image, RAM it takes, and the one symbol that the desk watches. */
#include "desk.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MACHINE_MASK 0x7f        /* of e_flags: avr5, avr6, ... */
#define DATA_SPACE 0x800000      /* where avr-gcc's linker puts RAM; flash lies below, EEPROM and fuses above */
#define EEPROM_SPACE 0x810000

static uint8_t *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        die(EXIT_FAILED, "%s: %s", path, strerror(errno));
    uint8_t *bytes = NULL;
    size_t room = 0;
    *size = 0;
    for (;;) {
        bytes = grow(bytes, &room, *size + 65536, 1);
        size_t n = fread(bytes + *size, 1, 65536, file);
        if (!n)
            break;
        *size += n;
    }
    if (ferror(file))
        die(EXIT_FAILED, "%s: %s", path, strerror(errno));
    fclose(file);
    return bytes;
}

/* Plain, or in a C++ name space, or static: the mangled name ends in the length and the word. */
static bool is_streaming(const char *name)
{
    static const char mangled[] = "9streaming";
    if (!strcmp(name, "streaming"))
        return true;
    const char *at = strstr(name, mangled);
    return !strncmp(name, "_Z", 2) && at && (!strcmp(at, mangled) || !strcmp(at, "9streamingE"));
}

static void find_symbols(struct firmware *firmware, const uint8_t *image, size_t size, const Elf32_Ehdr *head)
{
    const Elf32_Shdr *sections = (const Elf32_Shdr *)(image + head->e_shoff);
    for (int i = 0; i < head->e_shnum; i++) {
        const Elf32_Shdr *s = &sections[i];
        if (s->sh_type != SHT_SYMTAB || s->sh_link >= head->e_shnum)
            continue;
        const Elf32_Shdr *names = &sections[s->sh_link];
        if (s->sh_offset > size || s->sh_size > size - s->sh_offset ||
            names->sh_offset > size || names->sh_size > size - names->sh_offset ||
            !names->sh_size || image[names->sh_offset + names->sh_size - 1])
            return;
        const Elf32_Sym *symbols = (const Elf32_Sym *)(image + s->sh_offset);
        for (size_t k = 0; k < s->sh_size / sizeof *symbols; k++) {
            if (symbols[k].st_name >= names->sh_size || symbols[k].st_value < DATA_SPACE ||
                symbols[k].st_value >= EEPROM_SPACE)
                continue;
            if (is_streaming((const char *)image + names->sh_offset + symbols[k].st_name))
                firmware->streaming = (uint16_t)(symbols[k].st_value - DATA_SPACE);
        }
    }
}

void elf_load(struct firmware *firmware, const char *path, const struct board *board, uint32_t flash_size)
{
    size_t size;
    uint8_t *image = read_whole(path, &size);
    const Elf32_Ehdr *head = (const Elf32_Ehdr *)image;
    if (size < sizeof *head || memcmp(head->e_ident, ELFMAG, SELFMAG) || head->e_machine != EM_AVR ||
        head->e_ident[EI_CLASS] != ELFCLASS32 || head->e_phentsize != sizeof(Elf32_Phdr) ||
        head->e_phoff > size || (size - head->e_phoff) / sizeof(Elf32_Phdr) < head->e_phnum ||
        head->e_shoff > size || (size - head->e_shoff) / sizeof(Elf32_Shdr) < head->e_shnum)
        die(EXIT_FAILED, "%s is no ELF file for an AVR; give the firmware's .elf, not its .hex", path);
    if ((head->e_flags & MACHINE_MASK) != board->elf_machine)
        die(EXIT_FAILED, "%s was built for another chip than the %s's %s", path, board->name, board->mcu);

    firmware->flash = malloc(flash_size);
    if (!firmware->flash)
        die(EXIT_FAILED, "out of memory");
    memset(firmware->flash, 0xff, flash_size);
    const Elf32_Phdr *segments = (const Elf32_Phdr *)(image + head->e_phoff);
    for (int i = 0; i < head->e_phnum; i++) {
        const Elf32_Phdr *s = &segments[i];
        if (s->p_type != PT_LOAD)
            continue;
        if (s->p_vaddr >= DATA_SPACE && s->p_vaddr < EEPROM_SPACE)
            firmware->ram_bytes += s->p_memsz;
        if (!s->p_filesz || s->p_paddr >= DATA_SPACE)
            continue;
        if (s->p_offset > size || s->p_filesz > size - s->p_offset ||
            s->p_paddr > flash_size || s->p_filesz > flash_size - s->p_paddr)
            die(EXIT_FAILED, "%s does not fit into the flash of the %s", path, board->mcu);
        memcpy(firmware->flash + s->p_paddr, image + s->p_offset, s->p_filesz);
        if (s->p_paddr + s->p_filesz > firmware->flash_bytes)
            firmware->flash_bytes = s->p_paddr + s->p_filesz;
    }
    find_symbols(firmware, image, size, head);
    if (!firmware->streaming)
        die(EXIT_FAILED, "%s has no variable `streaming`: the desk needs it to know when the board was started", path);
    free(image);
}
