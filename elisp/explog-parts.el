;;; explog-parts.el --- The parts of an experiment in its log  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The headings and lists of an experiment, and lines that are put there.
;; The heading of the experiment is at point, in a buffer of Org mode that
;; is not narrowed.
;;
;; Only whole lines are added, behind one that is there: no other byte of
;; the log changes.

;;; Code:

(require 'explog)
(require 'explog-edit)
(require 'explog-heading)
(require 'explog-log)
(require 'explog-steps)
(require 'seq)
(require 'subr-x)

(declare-function org-get-valid-level "org" (level &optional change))
(declare-function org-in-item-p "org-list" ())
(declare-function org-list-get-all-items "org-list" (item struct prevs))
(declare-function org-list-get-bullet "org-list" (item struct))
(declare-function org-list-get-children "org-list" (item struct parents))
(declare-function org-list-get-item-end-before-blank "org-list" (item struct))
(declare-function org-list-get-parent "org-list" (item struct parents))
(declare-function org-list-parents-alist "org-list" (struct))
(declare-function org-list-prevs-alist "org-list" (struct))
(declare-function org-list-struct "org-list" ())
(defvar org-adapt-indentation)
(defvar org-todo-keywords-1)

;;;; Lines

(defun explog-parts-lines (position lines)
  "Put LINES, strings, behind the line that POSITION is in.
What is put into a fold is hidden.  Return the end of the last of them."
  (goto-char position)
  (goto-char (line-end-position))
  ;; A file with both kinds of line ends has the returns in its buffer.
  (let ((return (if (eq (char-before) ?\r) "\r" "")))
    (explog-edit-insert
     (mapconcat (lambda (line) (concat "\n" line return)) lines ""))
    (- (point) (length return))))

;;;; Headings

(defun explog-parts-conclusions-p ()
  "Return non-nil if the heading at point is that of conclusions."
  (string-prefix-p "conclusion" (downcase (explog-steps-title))))

(defun explog-parts-child (test)
  "Return the position of the first child heading for which TEST is non-nil.
It is called with point there.  Children that are experiments themselves
are left out."
  (seq-find (lambda (child)
              (save-excursion
                (goto-char child)
                (and (not (explog-heading-id t)) (funcall test))))
            (explog-steps-children)))

(defun explog-parts-section-end (section)
  "Return the end of the last line with text of the heading at SECTION.
What is beneath its own child headings does not count."
  (save-excursion
    (goto-char section)
    (goto-char (line-end-position))
    (if (re-search-forward "^\\*+ " nil t)
        (goto-char (match-beginning 0))
      (goto-char (point-max)))
    (explog-parts-text-end (point))))

(defun explog-parts-text-end (position)
  "Return the end of the last line before POSITION that has text."
  (save-excursion
    (goto-char position)
    (skip-chars-backward " \t\r\n")
    (line-end-position)))

(defun explog-parts-make-section (title before)
  "Make a child heading TITLE, and return its position.
It is put before the child at BEFORE, or at the end if that is nil.
Experiments beneath this one stay at the end."
  (let* ((children (explog-steps-children))
         (next (or before (seq-find #'explog-parts--experiment-p children)))
         ;; Children that begin deeper than others are children all the same.
         (like (or next (car (last children))))
         (stars (explog-parts--stars like))
         (end (explog-parts-text-end (or next (explog-log-entry-end)))))
    (save-excursion
      (goto-char (explog-parts-lines
                  end (append (and (explog-parts--spaced-p like) '(""))
                              (list (concat stars " " title)))))
      (line-beginning-position))))

(defun explog-parts--experiment-p (child)
  "Return non-nil if the heading at CHILD is an experiment itself."
  (save-excursion
    (goto-char child)
    (explog-heading-id t)))

(defun explog-parts--stars (child)
  "Return the stars for a child of the heading at point, as those of CHILD."
  (save-excursion
    (if child
        (progn (goto-char child)
               (make-string (skip-chars-forward "*") ?*))
      (make-string (org-get-valid-level (skip-chars-forward "*") 1) ?*))))

(defun explog-parts--spaced-p (heading)
  "Return non-nil if there is a blank line before HEADING, or HEADING is nil."
  (or (null heading)
      (save-excursion
        (goto-char heading)
        (forward-line -1)
        (looking-at-p "[ \t\r]*$"))))

(defun explog-parts-keyword ()
  "Return the keyword of a section that is to be done, with a blank; or nothing."
  (cond ((member "TODO" org-todo-keywords-1) "TODO ")
        ((car org-todo-keywords-1) (concat (car org-todo-keywords-1) " "))
        (t "")))

;;;; Lists

(defun explog-parts-keeping-steps (function &optional new)
  "Call FUNCTION, and see that each step is what it was.
NEW is the number of the only one that it may add.  Org and explog do
not read every list with wild indentation in the same way, and then what
FUNCTION has put there must not stay: signal a `user-error'.  Return
what FUNCTION does."
  (let* ((before (explog-parts--steps))
         (value (save-excursion (funcall function)))
         (after (explog-parts--steps)))
    (unless (and (equal before (assoc-delete-all new after))
                 (or (null new) (assoc new (explog-steps))))
      (user-error "The lists of this experiment are indented in such a way \
that steps would change; nothing was written"))
    value))

(defun explog-parts--steps ()
  "Return an alist (NUMBER . TEXT) of each step, without cookies."
  (mapcar (lambda (step)
            (cons (car step)
                  (replace-regexp-in-string
                   explog-heading-cookie-regexp "" (explog-steps-text (cadr step)))))
          (explog-steps)))

(defun explog-parts-siblings (item struct)
  "Return the items of the list in STRUCT that ITEM is in."
  (org-list-get-all-items item struct (org-list-prevs-alist struct)))

(defun explog-parts-indent (item)
  "Return the blanks before ITEM."
  (save-excursion
    (goto-char item)
    (buffer-substring-no-properties item (progn (skip-chars-forward " \t") (point)))))

(defun explog-parts-beneath (item struct)
  "Return the blanks before what is right in ITEM of STRUCT."
  (concat (explog-parts-indent item)
          (make-string (length (org-list-get-bullet item struct)) ?\s)))

(defun explog-parts-children (item struct)
  "Return the items right in ITEM of STRUCT."
  (org-list-get-children item struct (org-list-parents-alist struct)))

(defun explog-parts-open-list (item struct)
  "Return an item of the list that ITEM of STRUCT ends with, or nil if in none.
What is put at the end of ITEM goes on with that list, or has to end it."
  (let ((last (car (last (explog-parts-children item struct)))))
    (and last
         (= (org-list-get-item-end-before-blank last struct)
            (org-list-get-item-end-before-blank item struct))
         last)))

(defun explog-parts-item (text bullet)
  "Return TEXT as the lines of an item with BULLET, as \"  - \".
The further lines of TEXT are indented, so that none of them is a
heading or another item of the list.  No two blank lines follow each
other, as that would end the list."
  (let* ((lines (split-string (explog-parts--single-blanks text) "\n"))
         (indent (concat (and (string-match "\\`[ \t]+" bullet) (match-string 0 bullet))
                         (make-string (length (string-trim-left bullet)) ?\s))))
    (cons (concat bullet (car lines))
          (mapcar (lambda (line) (if (string-blank-p line) "" (concat indent line)))
                  (cdr lines)))))

(defun explog-parts--single-blanks (text)
  "Return TEXT with no blank line at either end, nor two in a row."
  (replace-regexp-in-string
   "\n\\(?:[ \t]*\n\\)\\{2,\\}" "\n\n"
   (replace-regexp-in-string
    "\\`\\(?:[ \t]*\n\\)+\\|\\(?:\n[ \t]*\\)+\\'" ""
    (replace-regexp-in-string "\r\n?" "\n" text))))

(defun explog-parts-ordered-p (item struct)
  "Return non-nil if an item of the list of ITEM in STRUCT has a number."
  (seq-some (lambda (sibling)
              (string-match-p "\\`[0-9]" (org-list-get-bullet sibling struct)))
            (explog-parts-siblings item struct)))

(defun explog-parts-bullet (item struct)
  "Return the bullet of ITEM in STRUCT with the blanks around it."
  (concat (explog-parts-indent item)
          (string-trim (org-list-get-bullet item struct)) " "))

;;;; Notes

(defun explog-parts-put-note (section text)
  "Put a note of TEXT at the end of the heading at SECTION."
  (let ((end (explog-parts-section-end section)))
    (pcase-let ((`(,bullet . ,between) (explog-parts--list-at end section)))
      (explog-parts-lines end (append between (explog-parts-item text bullet))))))

(defun explog-parts--list-at (end section)
  "Return (BULLET . LINES) for a note behind the line at END, of SECTION.
The note goes on with a list of notes that is there.  LINES are to be
put before it, to end a list of another kind."
  (save-excursion
    (goto-char end)
    (if-let ((item (org-in-item-p)))
        (let* ((struct (progn (goto-char item) (org-list-struct)))
               (top (explog-parts--outermost item struct)))
          (if (explog-parts-ordered-p top struct)
              (list "- " "" "")
            (list (explog-parts-bullet top struct))))
      (list (concat (explog-parts--indent section) "- ")))))

(defun explog-parts--outermost (item struct)
  "Return the item of STRUCT in no other that ITEM is, or is in."
  (let ((parents (org-list-parents-alist struct)) above)
    (while (setq above (org-list-get-parent item struct parents))
      (setq item above))
    item))

(defun explog-parts--indent (section)
  "Return the blanks before what is under the heading at SECTION."
  (if (eq org-adapt-indentation t)
      (save-excursion
        (goto-char section)
        (make-string (1+ (skip-chars-forward "*")) ?\s))
    ""))

(provide 'explog-parts)
;;; explog-parts.el ends here
