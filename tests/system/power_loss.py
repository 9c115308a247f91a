"""A power failure: the disk that the next life finds, from what power_loss/shim.c kept while the last one ran."""
import os
import shutil


class Disk:
    """Watches `folder`. Everything that lies in it when a life begins is safe."""

    def __init__(self, shim, folder, shadow):
        self.shim, self.folder, self.shadow = shim, folder, shadow

    def environment(self, step):
        """Of a life that ends before its `step`th step, if it has so many. Remembers what is safe."""
        shutil.rmtree(self.shadow, ignore_errors=True)
        for kind in "fd":
            (self.shadow / kind).mkdir(parents=True)
        for place, _, files in os.walk(self.folder):
            names = [f"{entry.inode()} {entry.name}\n" for entry in os.scandir(place)]
            (self.shadow / "d" / str(os.stat(place).st_ino)).write_text("".join(names))
            for name in files:
                path = os.path.join(place, name)
                shutil.copyfile(path, self.shadow / "f" / str(os.stat(path).st_ino))
        return {"LD_PRELOAD": str(self.shim), "POWER_LOSS_SHADOW": str(self.shadow), "POWER_LOSS_AT": str(step)}

    def fail(self, dice=None):
        """Lays out what a failure leaves. `dice`: what was not synced may be there all the same, file by file, directory by
        directory; None: nothing of it is. Files and directories keep their inodes."""
        lucky = (lambda: dice.random() < 0.5) if dice else (lambda: False)
        tree = self.tree(os.stat(self.folder).st_ino, lucky)
        stash = self.folder.with_name("stash")
        stash.mkdir()
        for entry in list(walk(self.folder))[::-1]:     # what is in a directory before it
            place = stash / str(entry.inode())
            if place.exists():
                os.unlink(entry.path)
            else:
                os.rename(entry.path, place)
        self.lay_out(tree, self.folder, stash, lucky)
        shutil.rmtree(stash)

    def tree(self, inode, lucky):
        """What a directory holds: by name an inode, and again a tree where that is a directory."""
        current = {entry.inode(): entry.path for entry in walk(self.folder) if entry.is_dir(follow_symlinks=False)}
        current[os.stat(self.folder).st_ino] = self.folder
        kept = self.shadow / "d" / str(inode)
        if inode not in current and not kept.exists():
            return None
        names = self.names(kept, current.get(inode), lucky)
        return {name: (number, self.tree(number, lucky)) for number, name in names}

    def lay_out(self, tree, path, stash, lucky):
        for name, (inode, below) in tree.items():
            place, kept, now = path / name, self.shadow / "f" / str(inode), stash / str(inode)
            if below is not None:
                os.rename(now, place) if now.exists() else place.mkdir()
                self.lay_out(below, place, stash, lucky)
                continue
            if now.exists():
                os.link(now, place)
            if not now.exists() or not lucky():     # else its name was safe, its bytes were not
                place.write_bytes(kept.read_bytes() if kept.exists() else b"")

    @staticmethod
    def names(kept, current, lucky):
        if current and lucky():
            return [(entry.inode(), entry.name) for entry in os.scandir(current)]
        if not kept.exists():
            return []
        lines = (line.split(" ", 1) for line in kept.read_text().splitlines())
        return [(int(number), name) for number, name in lines]


def walk(place):
    for entry in os.scandir(place):
        yield entry
        if entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path)
