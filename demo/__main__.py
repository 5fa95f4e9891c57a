"""python -m demo: make the shipped run anew."""

from demo.make import make

if __name__ == "__main__":
    make()
