;;; explog-ref-button.el --- Buttons on references and hashes  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The buttons that `explog-ref-mode' makes of references, and in logs of
;; hashes on steps.
;;
;; They are overlays, made as text comes into view, so that the text
;; properties of magit and font-lock stay as they are, and buffers without
;; font-lock have buttons too.  All overlays of one reference share a
;; category, a symbol with properties: what the server says of it later
;; shows everywhere at once, and no buffer is gone through.

;;; Code:

(require 'explog)
(require 'explog-ref)
(require 'seq)
(require 'subr-x)

(autoload 'explog-cache-fetch "explog-cache")
(autoload 'explog-cache-usable-p "explog-cache")
(autoload 'explog-log-buffer-p "explog-log")
(declare-function explog-cache-fetch "explog-cache" (id))
(declare-function explog-cache-usable-p "explog-cache" ())
(declare-function explog-search-visit-commit "explog-search" (repository commit))

(defface explog-ref '((t :inherit link))
  "A reference to an experiment."
  :group 'explog)

(defface explog-ref-unknown '((t :inherit warning :underline (:style wave)))
  "A reference to an experiment or a step that no log has."
  :group 'explog)

(defface explog-ref-hash '((t :inherit link))
  "The hash of a commit on a step."
  :group 'explog)

;;;; What a button is

(defvar explog-ref--categories
  (make-hash-table :test #'equal :weakness 'value)
  "Maps (ID STEP HASH) to the category of its overlays.
It is there as long as one of them is.")

(defvar explog-ref-button-map
  (let ((map (make-sparse-keymap)))
    (define-key map [mouse-2] #'explog-ref-visit)
    (define-key map (kbd "C-c RET") #'explog-ref-visit)
    (define-key map (kbd "RET")
      '(menu-item "" explog-ref-visit :filter explog-ref--return))
    map)
  "The keys of a reference or a hash that is a button.
RET is one of them only in buffers that can not be edited, and whose
mode has no use for it.")

(defun explog-ref--return (command)
  "Return COMMAND if RET would do nothing else of use here."
  (let ((other (or (seq-some (lambda (binding)
                               (let ((key (cdr binding)))
                                 (and (commandp key) key)))
                             (minor-mode-key-binding (kbd "RET")))
                   (local-key-binding (kbd "RET")))))
    (and buffer-read-only
         (memq other '(nil newline undefined))
         command)))

(defun explog-ref--category (id step hash)
  "Return the category of the buttons for STEP, or for HASH, of experiment ID."
  (let ((key (list id step hash)))
    (or (gethash key explog-ref--categories)
        (let ((category (make-symbol (string-join (delq nil (list id step hash)) " "))))
          (setplist category (list 'explog-ref-target key
                                   'help-echo #'explog-ref--help-echo))
          (explog-ref--refresh category)
          (puthash key category explog-ref--categories)))))

(defun explog-ref--refresh (category)
  "Give CATEGORY the properties that fit what is known."
  (pcase-let* ((`(,id ,step ,hash) (get category 'explog-ref-target))
               (state (cond ((not (featurep 'explog-cache)) nil) ; load nothing amid redisplay
                            (hash (and (explog-ref--commit id hash) 'known))
                            (t (explog-ref-state id step))))
               (face (cond (hash (and state 'explog-ref-hash))
                           ((eq state 'unknown) 'explog-ref-unknown)
                           (t 'explog-ref))))
    (put category 'explog-ref-known (eq state 'known))
    (put category 'face face)
    (put category 'mouse-face (and face 'highlight))
    (put category 'follow-link (and face t))
    (put category 'keymap (and face explog-ref-button-map))))

(defun explog-ref--commit (id hash)
  "Return the step of experiment ID whose HASH is that of a known commit, or nil."
  (let ((experiment (explog-cache-get id)))
    (and (listp experiment)
         (seq-find (lambda (step)
                     (and (equal hash (plist-get step :hash))
                          (plist-get step :commit)))
                   (plist-get experiment :steps)))))

;;;; Making them

(defvar explog-ref--before nil
  "The buttons that were there before, while they are made anew.")

(defun explog-ref-button-fontify (beg end)
  "Make buttons of what there is between BEG and END.
This runs during redisplay: it looks at nothing but the text around and
what is known already."
  ;; Where there are thousands of overlays this makes those here ten times
  ;; as fast, up to Emacs 28; later it does nothing.
  (overlay-recenter end)
  (let ((case-fold-search nil)
        (explog-ref--before (explog-ref--in beg end)))
    (explog-ref--fontify-references beg end)
    (when (and (derived-mode-p 'org-mode) (explog-log-buffer-p))
      (explog-ref--fontify-hashes beg end))
    (mapc #'delete-overlay explog-ref--before)))

(defun explog-ref--in (beg end)
  "Return the buttons between BEG and END."
  (seq-filter (lambda (overlay) (overlay-get overlay 'explog-ref-target))
              (overlays-in beg end)))

(defmacro explog-ref--do-matches (regexp beg end &rest body)
  "Do BODY at each match of REGEXP that has a character between BEG and END."
  (declare (indent 3) (debug t))
  (let ((from (make-symbol "beg")) (to (make-symbol "end")) (limit (make-symbol "limit")))
    `(let* ((,from ,beg) (,to ,end)
            (,limit (min (point-max) (+ ,to explog-ref-longest))))
       (goto-char (max (point-min) (- ,from explog-ref-longest)))
       (while (and (< (point) ,to)
                   (re-search-forward ,regexp ,limit t))
         (when (and (< ,from (match-end 0)) (< (match-beginning 0) ,to))
           ,@body)))))

(defun explog-ref--fontify-references (beg end)
  "Make buttons of the references between BEG and END."
  (explog-ref--do-matches explog-ref-regexp beg end
    (when-let ((reference (explog-ref-match)))
      (explog-ref--make (match-beginning 0) (match-end 0)
                        (car reference) (cdr reference) nil))))

(defun explog-ref--fontify-hashes (beg end)
  "Make buttons of the hashes between BEG and END that may be those of commits.
They only look like buttons where a step has it and the commit is known."
  (let (heading id)
    (explog-ref--do-matches "(\\([0-9a-f]\\{7,64\\}\\))[ \t\r]*$" beg end
      (let ((hash (match-string-no-properties 1))
            (from (match-beginning 1))
            (to (match-end 1))
            (above (save-excursion (re-search-backward "^\\*+ " nil t))))
        (unless (eq above heading)      ; mostly it is that of the one before
          (setq heading above
                id (explog-ref--id-around)))
        (when id
          (explog-ref--make from to id nil hash))))))

(defun explog-ref--id-around ()
  "Return the id of the experiment that point is in, or nil."
  (save-excursion
    (save-match-data
      (when-let ((heading (explog-ref-experiment-heading)))
        (goto-char heading)
        (explog-heading-experiment-id)))))

(defun explog-ref-button-remove ()
  "Remove all buttons of this buffer."
  (save-restriction
    (widen)
    (mapc #'delete-overlay (explog-ref--in (point-min) (point-max)))))

(defun explog-ref--make (beg end id step hash)
  "Have a button from BEG to END for STEP, or for HASH, of experiment ID."
  (let* ((category (explog-ref--category id step hash))
         (overlay (or (explog-ref--reuse beg end category)
                      (make-overlay beg end nil t)))
         (own (get-text-property beg 'keymap)))
    (overlay-put overlay 'category category)
    (overlay-put overlay 'evaporate t)
    ;; The keymap of an overlay hides that of the text, which magit has
    ;; for what its keys do at a commit.
    (when (and own (not hash))
      (overlay-put overlay 'keymap (make-composed-keymap explog-ref-button-map own)))))

(defun explog-ref--reuse (beg end category)
  "Return the button from BEG to END with CATEGORY that was there before, or nil."
  (when-let ((overlay (seq-find (lambda (overlay)
                                  (and (= beg (overlay-start overlay))
                                       (= end (overlay-end overlay))
                                       (eq category (overlay-get overlay 'category))))
                                explog-ref--before)))
    (setq explog-ref--before (delq overlay explog-ref--before))
    overlay))

;;;; Keeping them true

(defun explog-ref-button-changed (ids)
  "Show what is known of experiments now: of those with IDS, or of any if t.
For `explog-cache-changed-functions'."
  (cond ((eq ids t) (explog-ref--look-again))
        (ids
         (let ((known (make-hash-table :test #'equal)))
           (dolist (id ids)
             (puthash id t known))
           (maphash (lambda (key category)
                      (when (gethash (car key) known)
                        (explog-ref--refresh category)))
                    explog-ref--categories))
         ;; A category that changes is nothing that redisplay notices.
         (force-window-update))))

(defun explog-ref--look-again ()
  "Have what buttons show be asked for again, in the background.
That is for those in view, and for those elsewhere that nothing good is
known of.  The others are when the mouse or point comes to them."
  (let ((categories nil))
    (maphash (lambda (_ category)
               (unless (get category 'explog-ref-known)
                 (push category categories)))
             explog-ref--categories)
    (dolist (category (append (explog-ref--in-view) categories))
      (explog-cache-get (car (get category 'explog-ref-target))))))

(defun explog-ref--in-view ()
  "Return the categories of the buttons in all windows that can be seen."
  (let ((categories nil))
    (walk-windows
     (lambda (window)
       (with-current-buffer (window-buffer window)
         (dolist (overlay (overlays-in (window-start window) (window-end window)))
           (when (overlay-get overlay 'explog-ref-target)
             (push (overlay-get overlay 'category) categories)))))
     'no-minibuffer 'visible)
    categories))

;;;; What a button tells, and where it leads

(defun explog-ref--describe (target)
  "Return one line about TARGET, (ID STEP HASH), or nil if nothing is known yet."
  (pcase-let ((`(,id ,step ,hash) target))
    (if (not hash)
        (explog-ref-describe id step)
      (when-let ((found (explog-ref--commit id hash)))
        (format "%s in %s"
                (substring (plist-get found :commit) 0 (max 10 (length hash)))
                (abbreviate-file-name (plist-get found :repository)))))))

(defun explog-ref--help-echo (_window object position)
  "Return the tooltip of the button at POSITION in OBJECT, a buffer or overlay."
  (let* ((buffer (if (overlayp object) (overlay-buffer object) object))
         (target (if (overlayp object)
                     (overlay-get object 'explog-ref-target)
                   (get-char-property position 'explog-ref-target buffer)))
         (text (and target (explog-ref--describe target))))
    (when text
      ;; A title is no documentation, whatever it has in it.
      (propertize text 'help-echo-inhibit-substitution t))))

(defun explog-ref-visit (&optional event other-window)
  "Go to what the reference or hash at point, or where EVENT is, stands for.
With a prefix argument OTHER-WINDOW, go to a step in another window."
  (interactive (list last-nonmenu-event current-prefix-arg))
  (when (mouse-event-p event)
    (mouse-set-point event))
  (pcase (get-char-property (point) 'explog-ref-target)
    (`(,id ,_ ,(and hash (pred stringp)))
     (explog-ref--visit-commit id hash))
    (_ (pcase (explog-ref-here)
         (`(,id ,step . ,_) (explog-visit-goto id step other-window))
         (_ (user-error "There is no reference here"))))))

(defun explog-ref--visit-commit (id hash)
  "Show the commit whose HASH is on a step of experiment ID."
  ;; A command may wait for what is true now, and do without.
  (when (explog-cache-usable-p)
    (ignore-errors (explog-cache-fetch id)))
  (let ((step (or (explog-ref--commit id hash)
                  (user-error "No repository has a commit %s on a branch" hash))))
    (explog-search-visit-commit (plist-get step :repository)
                                (plist-get step :commit))))

(provide 'explog-ref-button)
;;; explog-ref-button.el ends here
