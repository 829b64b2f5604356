;;; explog-steps.el --- The steps of an experiment in its log  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; This file finds the steps of an experiment in a buffer, by the numbers
;; that a reader sees.  The server reads files by the same rules (lists.py
;; and numbering.py).  Indentation decides which list an item belongs to.
;; One blank line continues a list, and two end it.  Text in blocks and
;; drawers has no items.  A numbering continues after a note by Org, after
;; text at the margin, and after two blank lines.
;;
;; Org's own functions for lists are not used: they ignore the numbers in
;; the text, and they take twenty times as long, which is too slow for an
;; index of all experiments in a long log.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-heading)
(require 'explog-log)
(require 'seq)
(require 'subr-x)

(defvar org-complex-heading-regexp)
(defvar org-inlinetask-min-level)
(defvar org-list-allow-alphabetical)
(defvar org-log-note-headings)

;;;; What lists look like

(defconst explog-steps--item-format
  (concat "\\(?:[ \t]*\\(?:[-+]\\|%s\\([0-9]+\\)[.)]\\)\\|[ \t]+\\*\\)"
          "\\(?:[ \t]+\\|\r?$\\)"
          "\\(?:\\[@\\(?:start:\\)?\\(?:\\([0-9]+\\)\\|[A-Za-z]\\)\\][ \t]*\\)?"
          "\\(?:\\(\\[[ xX-]\\]\\)\\(?:[ \t\r]\\|$\\)\\)?")
  "Format of a regexp for the beginning of an item; see the function.")

(defun explog-steps--item-regexp ()
  "Return a regexp for the beginning of an item.
Its groups are number, counter and checkbox.  A letter is a bullet only
if the user has enabled that in Org."
  (format explog-steps--item-format
          (if (bound-and-true-p org-list-allow-alphabetical) "[A-Za-z][.)]\\|" "")))

(defun explog-steps--min-level ()
  "Return the minimum number of stars of an inline task."
  (or (bound-and-true-p org-inlinetask-min-level) 15))

(defun explog-steps--heading-regexp ()
  "Return a regexp for headings that are not inline tasks."
  (format "^\\(\\*\\{1,%d\\}\\) " (1- (explog-steps--min-level))))

(defconst explog-steps--block-regexp "[ \t]*#\\+BEGIN\\(_[^ \t\r\n]+\\|:\\)"
  "Matches the beginning of a block.")

(defconst explog-steps--drawer-regexp "[ \t]*:[-_[:alnum:]]+:[ \t\r]*$"
  "Matches the beginning of a drawer, and the end of one.")

(defconst explog-steps--end-regexp "[ \t]*:END:[ \t\r]*$"
  "Matches the end of a drawer.")

(defconst explog-steps--note-headings
  '("CLOSING NOTE %t" "State %-12s from %-12S %t" "Note taken on %t"
    "Rescheduled from %S on %t" "Not scheduled, was %S on %t"
    "New deadline from %S on %t" "Removed deadline, was %S on %t"
    "Refiled on %t")
  "What Org's notes begin with, where the user does not say otherwise.")

(defconst explog-steps--deepest 8
  "The maximum number of parts in the number of a step.")

;;;; The steps of an experiment

(defun explog-steps ()
  "Return each step of the experiment whose heading is at point.
A step is (NUMBER START END BOX): NUMBER is a string like \"1.2\", the
item goes from START to END with everything inside, and BOX is its
checkbox with the brackets, or nil.  They are in the order of the buffer.

The steps are the first numbered list under the child heading titled
`explog-steps-heading', or else under the first child that has a numbered
list of checkboxes.  Items whose number is not certain are left out; see
`explog-steps-doubt'."
  (let ((children (explog-steps-children)))
    (if-let ((named (seq-find #'explog-steps-named-p children)))
        (explog-steps--beneath named)
      (seq-some (lambda (child)
                  (let ((steps (and (not (explog-steps-child-id child))
                                    (explog-steps--beneath child))))
                    (and (seq-some #'explog-steps--boxed-p steps) steps)))
                children))))

(defun explog-steps-position (number)
  "Return the position of the step NUMBER, or nil if there is none.
The heading of the experiment is at point."
  (nth 1 (assoc number (explog-steps))))

(defun explog-steps-at (position)
  "Return the number of the innermost step around POSITION, or nil.
The heading of the experiment is at point."
  (let (found)
    (pcase-dolist (`(,number ,start ,end) (explog-steps) found)
      (when (and (<= start position) (< position end))
        (setq found number)))))

(defun explog-steps-text (start)
  "Return the text in the first line of the step at START."
  (save-excursion
    (goto-char start)
    (looking-at (explog-steps--item-regexp))
    (string-trim (buffer-substring-no-properties (match-end 0) (line-end-position)))))

(defun explog-steps-bare-text (start)
  "Return the text in the first line of the step at START, without its hash."
  (replace-regexp-in-string "[ \t]*([[:xdigit:]]\\{7,64\\})\\'" ""
                            (explog-steps-text start)))

;;;; Headings

(defun explog-steps-children ()
  "Return the positions of the child headings of the one at point."
  (save-excursion
    (let ((end (explog-log-entry-end)) (shallowest nil) children)
      (forward-line)
      (while (re-search-forward (explog-steps--heading-regexp) end t)
        (let ((level (- (match-end 1) (match-beginning 1))))
          (when (or (null shallowest) (<= level shallowest))
            (setq shallowest level)
            (push (match-beginning 0) children))))
      (nreverse children))))

(defun explog-steps-named-p (child)
  "Return non-nil if the heading at CHILD is titled `explog-steps-heading'."
  (save-excursion
    (goto-char child)
    (let ((wanted (downcase explog-steps-heading)))
      ;; Nearly all headings are told apart without what org has to do.
      (and (string-search wanted (downcase (explog-heading-text)))
           (string= wanted (downcase (explog-steps-title)))
           (not (explog-heading-leading-id))))))

(defun explog-steps-title ()
  "Return the title of the heading at point, without keyword and priority."
  (explog-heading-title
   (let ((case-fold-search nil))
     (cond ((not (derived-mode-p 'org-mode))
            (replace-regexp-in-string "\\`[A-Z]+ +" "" (explog-heading-text)))
           ((looking-at org-complex-heading-regexp)
            (or (match-string-no-properties 4) ""))
           (t "")))))

(defun explog-steps-child-id (child)
  "Return the id of the heading at CHILD if that is an experiment, or nil."
  (save-excursion
    (goto-char child)
    (explog-heading-id t)))

;;;; Reading the lists of a section

(cl-defstruct (explog-steps--item (:constructor explog-steps--make-item)
                                  (:copier nil))
  "Read the item at point, which was just matched; its indentation is INDENT."
  indent written counter box start end in lists)

(cl-defstruct (explog-steps--list (:constructor explog-steps--make-list)
                                  (:copier nil))
  "A list; ITEMS has the last one first."
  items)

(defvar explog-steps--open nil
  "The items that are being read, innermost first.")

(defvar explog-steps--lists nil
  "The top-level lists that were read, last first.")

(defvar explog-steps--texts nil
  "The positions of lines outside of any list, last first.")

(defun explog-steps--read (end)
  "Read the lists from point to END."
  (let ((tab-width 8)
        (case-fold-search t)
        (item (explog-steps--item-regexp))
        (blanks 0))
    (while (< (point) end)
      (cond ((looking-at-p "[ \t\r]*$")
             (setq blanks (1+ blanks))
             (when (= blanks 2)
               (explog-steps--close -1)))
            ((looking-at item)
             (setq blanks 0)
             (explog-steps--item (current-indentation)))
            ((explog-steps--skip-task end)
             (setq blanks 0))
            (t (setq blanks 0)
               (explog-steps--close (current-indentation))
               (unless (or (explog-steps--skip end) explog-steps--open)
                 (push (point) explog-steps--texts))))
      (forward-line))
    (explog-steps--close -1)))

(defun explog-steps--skip-task (end)
  "Go to the last line of the inline task that begins here, before END.
Return nil if none begins here."
  (let ((task (format "^\\*\\{%d,\\} +\\(END[ \t\r]*$\\)?" (explog-steps--min-level)))
        (case-fold-search nil))
    (when (looking-at-p task)
      (let ((last (save-excursion
                    (end-of-line)
                    (and (re-search-forward task end t)
                         (match-beginning 1)
                         (line-beginning-position)))))
        (when last
          (goto-char last)))
      t)))

(defun explog-steps--skip (end)
  "Go to the last line of the block or drawer that begins here, before END.
LaTeX environments count as well.  Return nil if none begins here."
  (let ((last (cond ((looking-at explog-steps--block-regexp)
                     (concat "[ \t]*#\\+END" (regexp-quote (match-string 1))
                             "[ \t\r]*$"))
                    ((and (looking-at-p explog-steps--drawer-regexp)
                          (not (looking-at-p explog-steps--end-regexp)))
                     explog-steps--end-regexp))))
    (if last
        (explog-steps--jump (concat "^" last) (line-beginning-position 2) end)
      (let ((case-fold-search nil))
        (when (looking-at "[ \t]*\\\\begin{\\([A-Za-z0-9*]+\\)}")
          (explog-steps--jump
           (concat "\\\\end{" (regexp-quote (match-string 1)) "}[ \t\r]*$") (point) end))))))

(defun explog-steps--jump (regexp start end)
  "Go to the line between START and END that REGEXP matches, if there is one."
  (let ((last (save-excursion
                (goto-char (min start end))
                (and (re-search-forward regexp end t)
                     (progn (goto-char (match-beginning 0))
                            (line-beginning-position))))))
    (when last
      (goto-char last))))

(defun explog-steps--close (indent)
  "End the open items that are indented by INDENT or more."
  (while (and explog-steps--open
              (>= (explog-steps--item-indent (car explog-steps--open)) indent))
    (setf (explog-steps--item-end (pop explog-steps--open)) (point))))

(defun explog-steps--item (indent)
  "Read the item at point, INDENT wide, that was matched just now."
  (let* ((item (explog-steps--make-item
                :indent indent :start (point)
                :written (match-string-no-properties 1)
                :counter (match-string-no-properties 2)
                :box (match-string-no-properties 3)))
         (sibling (progn (explog-steps--close (1+ indent))
                         (car explog-steps--open)))
         (list (if (and sibling (= indent (explog-steps--item-indent sibling)))
                   (progn (explog-steps--close indent)
                          (explog-steps--item-in sibling))
                 (explog-steps--begin-list))))
    (setf (explog-steps--item-in item) list)
    (push item (explog-steps--list-items list))
    (push item explog-steps--open)))

(defun explog-steps--begin-list ()
  "Return a new list inside the innermost open item, if there is one."
  (let ((list (explog-steps--make-list))
        (outer (car explog-steps--open)))
    (if outer
        (push list (explog-steps--item-lists outer))
      (push list explog-steps--lists))
    list))

;;;; Numbering what was read

(defvar explog-steps--found nil
  "The steps that were numbered, last first.")

(defvar explog-steps--doubtful nil
  "The position of the first item whose number is not certain, or nil.")

(defun explog-steps-doubt ()
  "Return the position of the first item whose number is not certain, or nil.
The heading of the experiment is at point.  Org removes the numbers of
steps below a note that it took.  An item that is numbered there later is
not the step that commits with that number refer to."
  (when-let ((child (seq-find #'explog-steps-named-p (explog-steps-children))))
    (let ((explog-steps--doubtful nil))
      (explog-steps--beneath child)
      explog-steps--doubtful)))

(defun explog-steps--beneath (child)
  "Return the numbered items under the heading at CHILD; see `explog-steps'.
Text under further headings does not count."
  (save-excursion
    (goto-char child)
    (forward-line)
    (let ((explog-steps--open nil)
          (explog-steps--lists nil)
          (explog-steps--texts nil)
          (explog-steps--found nil))
      (explog-steps--read
       (save-excursion
         (if (re-search-forward (explog-steps--heading-regexp) nil t)
             (match-beginning 0)
           (point-max))))
      (let ((lists (reverse explog-steps--lists)))
        (unless (setq explog-steps--doubtful (explog-steps--damage lists))
          (explog-steps--number
           (if (seq-some #'explog-steps--numbered-p lists)
               lists
             (explog-steps--in-notes lists))
           "" 0)))
      (nreverse explog-steps--found))))

(defun explog-steps--numbered-p (list)
  "Return non-nil if an item of LIST has a number."
  (seq-some #'explog-steps--item-written (explog-steps--list-items list)))

(defun explog-steps--damage (lists)
  "Return the position of the first item in LISTS whose number Org removed.
Return nil if there is none.  Org does that below a note of its own.
Then there are bullets with checkboxes above the first number, and such a
note beside them, or a hash on one of them."
  (catch 'done
    (dolist (list lists)
      (let (boxed evident numbered)
        (catch 'numbered
          (dolist (item (reverse (explog-steps--list-items list)))
            (cond ((explog-steps--item-written item)
                   (throw 'numbered (setq numbered t)))
                  ((explog-steps--note-p item) (setq evident t))
                  ((explog-steps--item-box item)
                   (setq boxed (or boxed (explog-steps--item-start item))
                         evident (or evident (explog-steps--hash-p item)))))))
        (cond ((and boxed evident) (throw 'done boxed))
              (numbered (throw 'done nil)))))))

(defun explog-steps--note-p (item)
  "Return non-nil if ITEM is a note that Org took."
  (and (not (explog-steps--item-box item))
       (save-excursion
         (goto-char (explog-steps--item-start item))
         (looking-at (explog-steps--item-regexp))
         (goto-char (match-end 0))
         (let ((case-fold-search nil))
           (seq-some (lambda (heading)
                       (let ((regexp (explog-steps--note-regexp heading)))
                         (and regexp (looking-at-p regexp))))
                     (if (boundp 'org-log-note-headings)
                         (mapcar #'cdr org-log-note-headings)
                       explog-steps--note-headings))))))

(defun explog-steps--note-regexp (heading)
  "Return a regexp for the beginning of a note with HEADING, or nil."
  (let ((literal (mapcar (lambda (part)
                           (mapconcat #'regexp-quote (split-string part) "[ \t]+"))
                         (split-string heading "%-?[0-9]*[a-zA-Z]"))))
    (and (seq-some (lambda (part) (string-match-p "[[:alnum:]]" part)) literal)
         (mapconcat (lambda (part) (if (string= part "") "" (concat "[ \t]*" part)))
                    literal ".*?"))))

(defun explog-steps--hash-p (item)
  "Return non-nil if there is a hash in parentheses on the first line of ITEM."
  (save-excursion
    (goto-char (explog-steps--item-start item))
    (let ((case-fold-search t))
      (re-search-forward "([^()\n]*\\_<[0-9a-f]\\{7,64\\}\\_>[^()\n]*)" (line-end-position) t))))

(defun explog-steps--in-notes (lists)
  "Return the lists inside the items of LISTS that are notes by Org.
A list without checkboxes may be part of a note's text, if the note has
more text than its heading."
  (let (found)
    (dolist (list lists found)
      (dolist (item (reverse (explog-steps--list-items list)))
        (when (explog-steps--note-p item)
          (let ((more (save-excursion
                        (goto-char (explog-steps--item-start item))
                        (looking-at-p ".*\\\\\\\\[ \t\r]*$"))))
            (dolist (inner (reverse (explog-steps--item-lists item)))
              (when (or (not more)
                        (seq-some #'explog-steps--item-box
                                  (explog-steps--list-items inner)))
                (setq found (append found (list inner)))))))))))

(defun explog-steps--number (lists prefix depth)
  "Number the items of LISTS, which are in the step PREFIX, DEPTH numbers long.
Return the numberings that may go on, each (INDENT PREFIX DEPTH LAST), the
outermost first."
  (let (path)
    (catch 'anew
      (dolist (list lists)
        (let* ((items (reverse (explog-steps--list-items list)))
               (numbers (explog-steps--numbers items))
               (first (seq-find #'identity numbers))
               (indent (explog-steps--item-indent (car items))))
          (when (and first (or (= depth 0) (car numbers)))
            (pcase (if path
                       (explog-steps--continued path indent first
                                            (explog-steps--text-before-p (car items)))
                     (cons nil (list indent prefix depth 0)))
              ('anew (throw 'anew nil))
              (`(,outer . ,level)
               (setq path (append outer (explog-steps--take items numbers level)))))))))
    path))

(defun explog-steps--take (items numbers level)
  "Take those of ITEMS into LEVEL that have one of NUMBERS.
Return the numberings that may go on: LEVEL and those inside the last."
  (pcase-let ((`(,indent ,prefix ,depth ,last) level)
              (inside nil))
    (cl-mapc
     (lambda (item number)
       (cond (number
              (let ((written (format "%s%d" prefix number)))
                (setq last number)
                (push (list written (explog-steps--item-start item)
                            (explog-steps--item-end item) (explog-steps--item-box item))
                      explog-steps--found)
                (setq inside (and (explog-steps--item-lists item)
                                  (< (1+ depth) explog-steps--deepest)
                                  (explog-steps--number
                                   (reverse (explog-steps--item-lists item))
                                   (concat written ".") (1+ depth))))))
             ((and (explog-steps--item-written item) (not explog-steps--doubtful))
              (setq explog-steps--doubtful (explog-steps--item-start item)))))
     items numbers)
    (cons (list indent prefix depth last) inside)))

(defun explog-steps--continued (path indent first text)
  "Return what a list continues that is INDENT wide and has FIRST at its top.
PATH are the numberings that may go on, as `explog-steps--number' returns
them; TEXT means that some stands before the list.  The value is a cons of
the numberings outside and its own, nil if it is none of steps, or `anew'
if none behind it is."
  (let* ((indents (mapcar #'car path))
         (same (or (cl-position indent indents :from-end t)
                   (and (cl-every (lambda (other) (> other indent)) indents) 0)))
         (around (cl-position-if (lambda (other) (< other indent)) indents :from-end t)))
    (if same
        (let ((level (nth same path)))
          (if (> first (nth 3 level)) (cons (seq-take path same) level) 'anew))
      (pcase-let ((`(,_ ,prefix ,depth ,last) (nth around path)))
        (when (= around (1- (length path)))
          (cond ((= first (1+ last))
                 (cons (seq-take path around) (nth around path)))
                ((and (= first 1) (not text) (< (1+ depth) explog-steps--deepest))
                 (cons path (list indent (format "%s%d." prefix last) (1+ depth) 0)))))))))

(defun explog-steps--text-before-p (item)
  "Return non-nil if there is text outside of lists before ITEM.
It is between the last step and ITEM."
  (let ((after (nth 1 (car explog-steps--found)))
        (start (explog-steps--item-start item)))
    (seq-some (lambda (text) (< after text start)) explog-steps--texts)))

(defun explog-steps--numbers (items)
  "Return the numbers of ITEMS as a reader sees them.
nil stands for one that has none, or whose number is not certain: it goes
on neither from a counter `[@5]' above it nor from the bullet there."
  (let ((last 0) (shift 0) (bullets 0) (sure t))
    (mapcar
     (lambda (item)
       (if-let ((written (explog-steps--item-written item)))
           (let ((number (explog-steps--digits written))
                 (counter (explog-steps--item-counter item)))
             (cond (counter
                    (setq last (explog-steps--digits counter)
                          shift (- last number)
                          sure t))
                   ((or (= shift 0) (= number (1+ last)))
                    (setq shift 0 last number))
                   ((and (< last (+ number shift))
                         (<= (+ number shift) (+ last 1 bullets)))
                    (setq last (+ number shift)))
                   ((> number last)
                    (setq shift 0 last number))
                   (t (setq sure nil)))
             (setq bullets 0)
             (and sure last))
         (setq bullets (1+ bullets))
         nil))
     items)))

(defun explog-steps--digits (digits)
  "Return the number with DIGITS; excessive digits are cut off."
  (string-to-number (substring digits 0 (min 10 (length digits)))))

(defun explog-steps--boxed-p (step)
  "Return non-nil if STEP is at the top level and has a checkbox."
  (and (nth 3 step)
       (not (string-search "." (car step)))))

(provide 'explog-steps)
;;; explog-steps.el ends here
